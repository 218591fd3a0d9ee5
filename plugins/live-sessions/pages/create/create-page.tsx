import { useState, type ReactElement } from 'react'
import { LoggedIn } from '../../../../src/page-parts/session/logged-in.tsx'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { LivePage, MAY_CREATE } from '../sessions/live-page.tsx'
import { Created, type CreatedSession } from './created.tsx'
import { SessionForm } from './session-form.tsx'
import './create.css'

/** Makes a session, for mentors and administrators. */
export default function CreatePage (): ReactElement {
  const [created, setCreated] = useState<CreatedSession>()
  if (created !== undefined) return <Created {...created} />
  return (
    <LivePage title='New session'>
      <LoggedIn>
        {account => MAY_CREATE.has(account.role)
          ? <SessionForm onCreated={setCreated} />
          : (
            <Notice kind='warning' title='Only mentors and administrators make sessions' actions={<ButtonLink kind='quiet' to='/live'>See the sessions</ButtonLink>}>
              Your account is neither yet. Ask whoever runs this server to make you a mentor: administrators do that on their page of users.
            </Notice>
            )}
      </LoggedIn>
    </LivePage>
  )
}
