import type { ReactElement, ReactNode } from 'react'
import { PageTitle } from './page-title.tsx'
import './notice.css'

/** A page, or most of it, that has only one thing to say. */
export function Notice ({ title, children, actions }: { title: string, children: ReactNode, actions?: ReactNode }): ReactElement {
  return (
    <div className='notice'>
      <PageTitle>{title}</PageTitle>
      <p>{children}</p>
      {actions !== undefined && <div className='notice-actions'>{actions}</div>}
    </div>
  )
}
