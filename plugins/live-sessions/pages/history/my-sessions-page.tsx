import type { ReactElement } from 'react'
import { LoggedIn } from '../../../../src/page-parts/session/logged-in.tsx'
import { LivePage } from '../sessions/live-page.tsx'
import { MySessions } from './my-sessions.tsx'
import './my-sessions.css'

/** The sessions that one has made, and those that one has joined. */
export default function MySessionsPage (): ReactElement {
  return (
    <LivePage title='Your sessions'>
      <LoggedIn>{account => <MySessions key={account.user_id} account={account} />}</LoggedIn>
    </LivePage>
  )
}
