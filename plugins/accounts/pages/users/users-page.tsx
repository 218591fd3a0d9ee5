import type { ReactElement } from 'react'
import { LoggedIn } from '../../../../src/page-parts/session/logged-in.tsx'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import { Users } from './users.tsx'
import './users.css'

/** All accounts, for administrators. */
export default function UsersPage (): ReactElement {
  return (
    <div className='users'>
      <Masthead />
      <main>
        <PageTitle>Users</PageTitle>
        <LoggedIn>
          {account => account.role === 'admin'
            ? <Users own={account} />
            : <Notice kind='danger' title='Only administrators see this page' actions={<ButtonLink kind='quiet' to='/profile'>Your profile</ButtonLink>} />}
        </LoggedIn>
      </main>
    </div>
  )
}
