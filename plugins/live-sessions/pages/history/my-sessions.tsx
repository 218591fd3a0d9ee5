import { useState, type ReactElement } from 'react'
import { Link, useSearch } from 'wouter'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { listSessions } from '../api/live-api.ts'
import { FoundList } from '../sessions/found-list.tsx'
import { apiQueryOf, pathOf, queryOf } from '../sessions/list-query.ts'
import { LiveSessionCard } from '../sessions/live-session-card.tsx'
import { useLookedUp } from '../sessions/use-looked-up.ts'
import { SessionWays } from './session-ways.tsx'

const FILTERS = { show: (value: string) => value === 'joined' }
const PATH = '/live/my-sessions'

/** @param account whose they are */
export function MySessions ({ account }: { account: Account }): ReactElement {
  const { filters, page } = queryOf(useSearch(), FILTERS)
  const isJoined = filters.show === 'joined'
  const { found, isLooking, trouble, again } = useLookedUp(listSessions, apiQueryOf({ filters: {}, page }, isJoined ? { joined: 'true' } : { owner_id: String(account.user_id) }), filters.show)
  const [said, setSaid] = useState('')
  const now = new Date()
  const done = (words: string) => {
    setSaid(words)
    again()
  }
  return (
    <>
      <div className='my-sessions-head'>
        <nav className='my-sessions-kinds' aria-label='Which of yours'>
          <Link href={PATH} aria-current={isJoined ? undefined : 'page'}>Made by you</Link>
          <Link href={`${PATH}?show=joined`} aria-current={isJoined ? 'page' : undefined}>Joined</Link>
        </nav>
        <p className='my-sessions-said' role='status'>{said}</p>
      </div>
      <FoundList
        found={found && { page: found.page, shown: found.sessions.length, total: found.total_count }} names={['session', 'sessions']} isLooking={isLooking} trouble={trouble} onAgain={again}
        to={page => pathOf(PATH, { filters, page })} className='picture-cards'
        empty={isJoined ? <><h2>None joined yet</h2><p>A session that you were in is listed here afterwards.</p></> : <><h2>None made yet</h2><p>Mentors and administrators make sessions.</p></>}
      >
        {found?.sessions.map(session => (
          <li key={session.session_id}>
            <LiveSessionCard session={session} now={now}><SessionWays session={session} isOwn={session.owner_id === account.user_id} onDone={done} /></LiveSessionCard>
          </li>
        ))}
      </FoundList>
    </>
  )
}
