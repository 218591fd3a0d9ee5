import { useEffect, useRef, useState, type ReactElement } from 'react'
import { Notice } from '../../../../src/ui/notice.tsx'
import { useSnapshot } from '../../../../src/ui/use-snapshot.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import type { SessionApi } from '../api/live-api.ts'
import type { SessionDetails } from '../api/live-session.ts'
import { ChatPanel } from './chat-panel.tsx'
import { NOBODY } from './connection.ts'
import { ControlBar } from './control-bar.tsx'
import { LivePlayer } from './live-player.tsx'
import type { OpenRoom } from './open-room.ts'
import { ParticipantList } from './participant-list.tsx'
import { newRoleText } from './people.ts'

interface RoomProps {
  session: SessionDetails
  /** Undefined while one is coming in. */
  room: OpenRoom | undefined
  isHost: boolean
  api: SessionApi
  /** The session has changed. */
  onChanged: () => void
}

/** The room, for who is in it. */
export function Room ({ session, room, isHost, api, onChanged }: RoomProps): ReactElement {
  const { connection, you, others, messages } = useSnapshot(room?.connection, NOBODY)
  const roleWords = useRoleWords(you?.role, room?.sendsByRole ?? false)
  return (
    <div className='room-parts'>
      <div className='room-picture'>
        {isHost && <ControlBar session={session} room={room} api={api} onChanged={onChanged} />}
        <LivePlayer room={room} isLive={session.status === 'live'} />
      </div>
      <div className='room-side'>
        {connection === 'reconnecting' && (you === undefined
          ? <Notice kind='warning' title='The room cannot be reached'>It is tried again by itself.</Notice>
          : <Notice kind='warning' title='Reconnecting …'>People and chat come back by themselves.</Notice>)}
        {roleWords !== '' && <Notice title={roleWords} />}
        <VisuallyHidden role='status'>{connection === 'connected' ? 'You are in.' : ''}</VisuallyHidden>
        {/* First what keeps its height: nothing moves when people come and go. */}
        <ChatPanel messages={messages} isConnected={connection === 'connected'} say={async text => await room?.connection.say(text)} />
        <ParticipantList you={you} others={others} api={api} />
      </div>
    </div>
  )
}

/** What one is told when one's role changes while one is there. */
function useRoleWords (role: NonNullable<typeof NOBODY.you>['role'] | undefined, canSend: boolean): string {
  const before = useRef(role)
  const [words, setWords] = useState('')
  useEffect(() => {
    if (before.current !== undefined && role !== undefined && role !== before.current) setWords(newRoleText(role, canSend))
    before.current = role ?? before.current
  }, [role, canSend])
  return words
}
