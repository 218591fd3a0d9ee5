import type { ReactElement, ReactNode } from 'react'
import { Icon } from '../../../ui/icon.tsx'

/** Something went wrong: what, and what can be done, `children` being the buttons for it. */
export function Trouble ({ text, children }: { text: string | undefined, children?: ReactNode }): ReactElement {
  return (
    <div role='alert' className='studio-alert'>
      {text !== undefined && (
        <div className='studio-trouble'>
          <Icon name='warning' />
          <p>{text}</p>
          {children !== undefined && <div className='studio-trouble-actions'>{children}</div>}
        </div>
      )}
    </div>
  )
}
