import type { ReactElement, ReactNode } from 'react'
import { Icon } from './icon.tsx'
import './notice.css'

interface NoticeProps {
  /** `info`: good to know. `warning`: it goes on, worse. `danger`: it does not go on. */
  kind?: 'info' | 'warning' | 'danger'
  /** What is so. */
  title: ReactNode
  /** Why, and what to do. */
  children?: ReactNode
  /** Buttons. */
  actions?: ReactNode
}

/** Something that has to be said in the middle of a page. Spoken when it appears; `danger` at once. */
export function Notice ({ kind = 'info', title, children, actions }: NoticeProps): ReactElement {
  return (
    <div className={`notice notice-${kind}`} role={kind === 'danger' ? 'alert' : 'status'}>
      {kind !== 'info' && <Icon name='warning' />}
      <div className='notice-words'>
        <p className='notice-title'>{title}</p>
        {children !== undefined && <div className='notice-text'>{children}</div>}
      </div>
      {actions !== undefined && <div className='notice-actions'>{actions}</div>}
    </div>
  )
}
