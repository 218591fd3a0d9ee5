import { useState, type ReactElement } from 'react'
import { useSearch } from 'wouter'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { listRecordings } from '../api/live-api.ts'
import { FoundList } from '../sessions/found-list.tsx'
import { apiQueryOf, pathOf, queryOf } from '../sessions/list-query.ts'
import { LivePage } from '../sessions/live-page.tsx'
import { useLookedUp } from '../sessions/use-looked-up.ts'
import { RecordingRow } from './recording-row.tsx'
import './recordings.css'

const FILTERS = { session_id: (value: string) => /^[\w-]{1,100}$/.test(value) }

/** What was recorded, to be watched again: of one session, or of all that one may see. */
export default function RecordingsPage (): ReactElement {
  const query = queryOf(useSearch(), FILTERS)
  const { filters } = query
  const { found, isLooking, trouble, again } = useLookedUp(listRecordings, apiQueryOf(query), filters.session_id)
  // One at a time: two at once are not to be understood.
  const [openId, setOpenId] = useState<number>()
  const isOfOne = filters.session_id !== ''
  const now = new Date()
  return (
    <LivePage title='Recordings'>
      {isOfOne && (
        <p className='recordings-of'>
          <span>Of one session.</span>
          <ButtonLink kind='quiet' to='/live/recordings'>Show all recordings</ButtonLink>
        </p>
      )}
      <FoundList
        found={found && { page: found.page, shown: found.recordings.length, total: found.total_count }} names={['recording', 'recordings']} isLooking={isLooking} trouble={trouble} onAgain={again}
        to={page => pathOf('/live/recordings', { filters, page })} className='recordings-list'
        empty={isOfOne ? <><h2>No recording yet</h2><p>A recording is ready some time after its session has ended. It appears here by itself.</p></> : <><h2>No recordings</h2><p>Sessions that are recorded appear here some time after they have ended.</p></>}
      >
        {found?.recordings.map(recording => {
          const isOpen = recording.id === openId
          return <RecordingRow key={recording.id} recording={recording} now={now} isOpen={isOpen} onToggle={() => setOpenId(isOpen ? undefined : recording.id)} />
        })}
      </FoundList>
    </LivePage>
  )
}
