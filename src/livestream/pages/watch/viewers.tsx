import type { ReactElement } from 'react'
import { Icon } from '../../../ui/icon.tsx'

/** How many watch; where there is little room, the word is only spoken. */
export function Viewers ({ count }: { count: number }): ReactElement {
  return (
    <p className='watch-viewers'>
      <Icon name='people' />
      {count}<span className='watch-viewers-word'>{count === 1 ? ' viewer' : ' viewers'}</span>
    </p>
  )
}
