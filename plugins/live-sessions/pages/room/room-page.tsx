import { useEffect, useState, type ReactElement } from 'react'
import { LoggedIn } from '../../../../src/page-parts/session/logged-in.tsx'
import { Badge } from '../../../../src/ui/badge.tsx'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import type { PageProps } from '../../../../src/ui/page.ts'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import { useFocusKept } from '../../../../src/ui/use-focus-kept.ts'
import { SessionApi } from '../api/live-api.ts'
import type { SessionDetails } from '../api/live-session.ts'
import { keptInvitation, takeInvitation } from '../invitation/kept-invitation.ts'
import { STATUSES, TYPES, whenText } from '../sessions/words.ts'
import { Outside } from './outside.tsx'
import { Room } from './room.tsx'
import { useAttendance } from './use-attendance.ts'
import './room.css'

/** One session, from before its start to its end: for who is logged in, and for who was invited. */
export default function RoomPage ({ params: { sessionId } }: PageProps<'sessionId'>): ReactElement {
  // Before anything leads elsewhere, to log in for example.
  useState(() => takeInvitation(sessionId))
  const [title, setTitle] = useState('Live session')
  return (
    <div className='room'>
      <Masthead><ButtonLink kind='quiet' to='/live'>Leave</ButtonLink></Masthead>
      <main>
        <PageTitle inTab={title}>{title}</PageTitle>
        <LoggedIn>{account => <Attended key={account.user_id} userId={account.user_id} sessionId={sessionId} onTitle={setTitle} />}</LoggedIn>
      </main>
    </div>
  )
}

interface AttendedProps {
  userId: number
  sessionId: string
  /** The title of the session, when it is known. */
  onTitle: (title: string) => void
}

function Attended ({ userId, sessionId, onTitle }: AttendedProps): ReactElement {
  const [api] = useState(() => new SessionApi(sessionId, () => keptInvitation(sessionId)))
  const { phase, session, trouble, room, enter, look } = useAttendance(api)
  useFocusKept(() => document.querySelector('h1'))
  useEffect(() => { if (session !== undefined) onTitle(session.title) }, [session?.title])
  return (
    <>
      {session !== undefined && <About session={session} />}
      {phase === 'looking' && session === undefined && <p role='status'>Looking …</p>}
      {(phase === 'in' || phase === 'looking') && session !== undefined && <Room session={session} room={room} isHost={session.owner_id === userId} api={api} onChanged={look} />}
      {phase !== 'in' && phase !== 'looking' && <Outside phase={phase} session={session} trouble={trouble} onAgain={enter} />}
    </>
  )
}

/** What it is, by whom, and when. */
function About ({ session }: { session: SessionDetails }): ReactElement {
  const { status, session_type: type, owner_name: owner, is_public: isPublic, is_recording: isRecording, description } = session
  return (
    <>
      <p className='room-about'>
        <span role='status' className='room-state'>
          <Badge kind={status === 'live' ? 'live' : 'quiet'}>{STATUSES[status]}</Badge>
          {status === 'live' && isRecording && <Badge kind='warning'>Recording</Badge>}
        </span>
        {!isPublic && <Badge kind='warning'>Private</Badge>}
        <span>{TYPES[type]} by {owner} · {whenText(session, new Date())}</span>
      </p>
      {description !== null && description !== '' && <p className='room-description'>{description}</p>}
    </>
  )
}
