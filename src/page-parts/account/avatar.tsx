import { useState, type ReactElement } from 'react'
import { initialOf } from './account.ts'
import './avatar.css'

/** Somebody's picture, or a letter that stands for it. A name stands beside it: it is not spoken. */
export function Avatar ({ name, picture, size = 'small' }: { name: string, picture: string | undefined, size?: 'small' | 'large' }): ReactElement {
  const [failed, setFailed] = useState<string>()
  const isThere = picture !== undefined && picture !== failed
  return (
    <span className={`avatar avatar-${size}`} aria-hidden='true'>
      {isThere ? <img src={picture} alt='' onError={() => setFailed(picture)} /> : initialOf(name)}
    </span>
  )
}
