import type { ReactElement, ReactNode } from 'react'
import { Link } from 'wouter'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Icon, type IconName } from '../../../../src/ui/icon.tsx'
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
    <article className='live-card'>
      <Link href={`/live/${id}`} className='live-card-way'>
        <div className={`live-card-picture${isLive ? ' live-card-live' : ''}`}>
          <Icon name={SIGNS[type]} size={40} />
          <span className='live-card-badges'>
            <Badge kind={isLive ? 'live' : 'quiet'}>{STATUSES[status]}</Badge>
            {!isPublic && <Badge kind='warning'>Private</Badge>}
            {isRecorded && <Badge kind='quiet'>Recorded</Badge>}
          </span>
        </div>
        <h2>{title}</h2>
      </Link>
      <p>{TYPES[type]} by {owner}</p>
      <p>{thereText(session)} · <time dateTime={timeOf(session)}>{whenText(session, now)}</time></p>
      {children !== undefined && <div className='live-card-ways'>{children}</div>}
    </article>
  )
}

function timeOf ({ started_at: started, scheduled_at: scheduled, created_at: created }: LiveSession): string {
  return started ?? scheduled ?? created
}
