import type { ReactElement, ReactNode } from 'react'
import { Masthead } from './masthead.tsx'
import { PageTitle } from './page-title.tsx'
import './notice-page.css'

/** A page that has only one thing to say, and where to go from here. */
export function NoticePage ({ title, children, action }: { title: string, children: ReactNode, action: ReactNode }): ReactElement {
  return (
    <div className='notice-page'>
      <Masthead />
      <main className='notice-page-main'>
        <PageTitle>{title}</PageTitle>
        <p>{children}</p>
        <div className='notice-page-action'>{action}</div>
      </main>
    </div>
  )
}
