import type { ReactElement, ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useSession } from '../../../../src/page-parts/session/current.ts'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import './live-page.css'

const WAYS = [['/live', 'Sessions'], ['/live/my-sessions', 'Yours'], ['/live/recordings', 'Recordings']] as const

/** A page of live sessions with a title of its own, and the ways to the others. */
export function LivePage ({ title, children }: { title: string, children: ReactNode }): ReactElement {
  const [location] = useLocation()
  return (
    <div className='live-page'>
      <Masthead>{location !== '/live/create' && <NewSession />}</Masthead>
      <main>
        <PageTitle>{title}</PageTitle>
        <nav className='live-page-ways' aria-label='Live sessions'>
          {WAYS.map(([path, name]) => <Link key={path} href={path} aria-current={path === location ? 'page' : undefined}>{name}</Link>)}
        </nav>
        {children}
      </main>
    </div>
  )
}

/** For who may make one. */
function NewSession (): ReactElement | null {
  const { account } = useSession()
  if (account === undefined || !MAY_CREATE.has(account.role)) return null
  return <ButtonLink to='/live/create'>New session</ButtonLink>
}

/** Who may make a session, by the role of the account. */
export const MAY_CREATE: ReadonlySet<string> = new Set(['mentor', 'admin'])
