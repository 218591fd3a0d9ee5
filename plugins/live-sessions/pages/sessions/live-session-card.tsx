import type { ReactElement, ReactNode } from 'react'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Icon, type IconName } from '../../../../src/ui/icon.tsx'
import { PictureCard } from '../../../../src/ui/picture-card.tsx'
import type { LiveSession, SessionType } from '../api/live-session.ts'
import { STATUSES, thereText, TYPES, whenText } from './words.ts'
import './live-session-card.css'

const SIGNS: Record<SessionType, IconName> = { teaching: 'picture', interview: 'microphone', coding: 'screen', workshop: 'people' }

interface CardProps {
  session: LiveSession
  /** Of the page it stands on. */
  now: Date
  /** What can be done with it, below. */
  children?: ReactNode
}

/** A session in a list, and the way into it. */
export function LiveSessionCard ({ session, now, children }: CardProps): ReactElement {
  const { session_id: id, title, session_type: type, status, is_public: isPublic, is_recorded: isRecorded, owner_name: owner } = session
  const isLive = status === 'live'
  return (
    <PictureCard
      to={`/live/${id}`} title={title} isStage={isLive} picture={<Icon name={SIGNS[type]} />}
      badges={
        <>
          <Badge kind={isLive ? 'live' : 'quiet'}>{STATUSES[status]}</Badge>
          {!isPublic && <Badge kind='warning'>Private</Badge>}
          {isRecorded && <Badge kind='quiet'>Recorded</Badge>}
        </>
      }
    >
      <p>{TYPES[type]} by {owner}</p>
      <p>{thereText(session)} · <time dateTime={timeOf(session)}>{whenText(session, now)}</time></p>
      {children !== undefined && <div className='live-card-ways'>{children}</div>}
    </PictureCard>
  )
}

function timeOf ({ started_at: started, scheduled_at: scheduled, created_at: created }: LiveSession): string {
  return started ?? scheduled ?? created
}
