import type { ReactElement } from 'react'
import { useLocation, useSearch } from 'wouter'
import { Select } from '../../../../src/ui/field.tsx'
import { ListPages } from '../../../../src/ui/list-pages.tsx'
import { listSessions } from '../api/live-api.ts'
import { FoundList } from '../sessions/found-list.tsx'
import { apiQueryOf, PAGE_SIZE, pathOf, queryOf } from '../sessions/list-query.ts'
import { LivePage } from '../sessions/live-page.tsx'
import { LiveSessionCard } from '../sessions/live-session-card.tsx'
import { useLookedUp } from '../sessions/use-looked-up.ts'
import { countText, optionsOf, STATUSES, TYPES } from '../sessions/words.ts'

const FILTERS = { session_type: (value: string) => value in TYPES, status: (value: string) => value in STATUSES }
const ALL = { value: '', label: 'All' }

/** All public sessions, the live ones first. */
export default function PlazaPage (): ReactElement {
  const query = queryOf(useSearch(), FILTERS)
  const [, navigate] = useLocation()
  const { found, isLooking, trouble, again } = useLookedUp(listSessions, apiQueryOf(query, { is_public: 'true' }))
  const { filters, page } = query
  const isNarrowed = filters.session_type !== '' || filters.status !== ''
  const choose = (name: keyof typeof FILTERS) => (event: { target: { value: string } }) => navigate(pathOf('/live', { filters: { ...filters, [name]: event.target.value }, page: 1 }))
  const now = new Date()
  return (
    <LivePage title='Live sessions'>
      <div role='search' aria-label='Sessions' className='live-page-search'>
        <Select label='Type' value={filters.session_type} onChange={choose('session_type')} options={[ALL, ...optionsOf(TYPES)]} />
        <Select label='State' value={filters.status} onChange={choose('status')} options={[ALL, ...optionsOf(STATUSES)]} />
      </div>
      <FoundList
        words={found && countText({ page, pageSize: PAGE_SIZE, shown: found.sessions.length, total: found.total_count, one: 'session', many: 'sessions' })}
        isEmpty={found?.sessions.length === 0} isLooking={isLooking} trouble={trouble} onAgain={again} className='live-page-cards'
        empty={isNarrowed ? <><h2>No session fits</h2><p>Choose another type or state.</p></> : <><h2>No public session yet</h2><p>When somebody makes one, it appears here by itself.</p></>}
      >
        {found?.sessions.map(session => <li key={session.session_id}><LiveSessionCard session={session} now={now} /></li>)}
      </FoundList>
      {found !== undefined && <ListPages page={page} pages={found.total_pages} to={page => pathOf('/live', { filters, page })} />}
    </LivePage>
  )
}
