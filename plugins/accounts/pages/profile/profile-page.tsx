import { useState, type ReactElement } from 'react'
import { Redirect } from 'wouter'
import { session, useSession } from '../../../../src/page-parts/session/current.ts'
import { LoggedIn } from '../../../../src/page-parts/session/logged-in.tsx'
import { Button, ButtonLink } from '../../../../src/ui/button.tsx'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { FormPage } from '../form/form-page.tsx'
import { useApiAction } from '../form/use-api-action.ts'
import { Deletion } from './deletion.tsx'
import { Details } from './details.tsx'
import { NewPassword } from './new-password.tsx'
import { Picture } from './picture.tsx'
import './profile.css'

/** One's own account: what others see of it, how one logs in, and its end. */
export default function ProfilePage (): ReactElement {
  const { state } = useSession()
  const [isLeaving, setLeaving] = useState(false)
  const { trouble, run } = useApiAction()

  const logOut = () => {
    setLeaving(true)
    run(async () => await session.logOut())
  }

  if (state === 'deleted') {
    return (
      <FormPage isOutcome title='Your account is deleted'>
        <p>You are logged out everywhere. Nobody can log in with it any more.</p>
        <ButtonLink to='/'>See what is live</ButtonLink>
      </FormPage>
    )
  }
  return (
    <div className='profile'>
      <Masthead />
      <main>
        <PageTitle>Your profile</PageTitle>
        <LoggedIn otherwise={isLeaving ? <Redirect to='/' /> : undefined}>
          {account => (
            // Somebody else in another tab: nothing stays that was filled in.
            <div key={account.user_id} className='profile-parts'>
              <div className='profile-ways'>
                {account.role === 'admin' && <ButtonLink kind='quiet' to='/admin/users'>Users</ButtonLink>}
                <Button kind='quiet' onClick={logOut}>Log out</Button>
              </div>
              {trouble !== undefined && <Notice kind='danger' title={trouble} />}
              <Panel aria-label='What others see'>
                <Picture account={account} />
                <Details account={account} />
              </Panel>
              <NewPassword account={account} />
              <Deletion account={account} />
            </div>
          )}
        </LoggedIn>
      </main>
    </div>
  )
}
