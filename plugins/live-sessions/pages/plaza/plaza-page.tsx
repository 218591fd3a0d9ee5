import type { ReactElement } from 'react'
import { useLocation, useSearch } from 'wouter'
import { Select } from '../../../../src/ui/field.tsx'
import { listSessions } from '../api/live-api.ts'
import { FoundList } from '../sessions/found-list.tsx'
import { apiQueryOf, pathOf, queryOf } from '../sessions/list-query.ts'
import { LivePage } from '../sessions/live-page.tsx'
import { LiveSessionCard } from '../sessions/live-session-card.tsx'
import { useLookedUp } from '../sessions/use-looked-up.ts'
import { optionsOf, STATUSES, TYPES } from '../sessions/words.ts'

const FILTERS = { session_type: (value: string) => Object.hasOwn(TYPES, value), status: (value: string) => Object.hasOwn(STATUSES, value) }
const ALL = { value: '', label: 'All' }

/** All public sessions, the live ones first. */
export default function PlazaPage (): ReactElement {
  const query = queryOf(useSearch(), FILTERS)
  const [, navigate] = useLocation()
  const { found, isLooking, trouble, again } = useLookedUp(listSessions, apiQueryOf(query, { is_public: 'true' }))
  const { filters } = query
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
        found={found && { page: found.page, shown: found.sessions.length, total: found.total_count }} names={['session', 'sessions']} isLooking={isLooking} trouble={trouble} onAgain={again}
        to={page => pathOf('/live', { filters, page })} className='picture-cards'
        empty={isNarrowed ? <><h2>No session fits</h2><p>Choose another type or state.</p></> : <><h2>No public session yet</h2><p>When somebody makes one, it appears here by itself.</p></>}
      >
        {found?.sessions.map(session => <li key={session.session_id}><LiveSessionCard session={session} now={now} /></li>)}
      </FoundList>
    </LivePage>
  )
}
