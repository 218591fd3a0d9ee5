import { useEffect, type ReactElement, type ReactNode } from 'react'
import { Redirect, useLocation, useSearch } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/notice.tsx'
import type { Account } from '../account/account.ts'
import type { CameFrom } from './came-from.ts'
import { session, useSession } from './current.ts'

interface LoggedInProps {
  children: (account: Account) => ReactNode
  /** In place of the way to log in. */
  otherwise?: ReactNode
}

/** What only those see who are logged in; others log in first, and come back. */
export function LoggedIn ({ children, otherwise }: LoggedInProps): ReactElement {
  const { state, account } = useSession()
  const [location] = useLocation()
  const search = useSearch()
  // What was known before may be so no more.
  useEffect(() => { void session.look() }, [])
  if (account !== undefined) return <>{children(account)}</>
  switch (state) {
    case 'logged-out': return <>{otherwise ?? <Redirect to='/login' replace state={{ from: search === '' ? location : `${location}?${search}` } satisfies CameFrom} />}</>
    case 'banned': return <Notice kind='danger' title='This account has been banned'>You are logged out. Who runs this server can lift the ban.</Notice>
    case 'away': return <Notice kind='danger' title='The server cannot be reached' actions={<Button kind='quiet' onClick={() => { void session.look() }}>Try again</Button>}>Check your connection, then try again.</Notice>
    default: return <p role='status'>Looking …</p>
  }
}
