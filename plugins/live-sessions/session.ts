import { wholeSeconds } from '../../src/http/whole-seconds.ts'
import { isOpen, type Status } from './session-state.ts'
import type { sessions, SessionType } from './tables.ts'

/** A row of the table. */
export type SessionRow = typeof sessions.$inferSelect

/** A session as everybody who may see it sees it: docs/api/live-sessions.md, 2.4. */
export interface SessionBody {
  id: number
  session_id: string
  title: string
  session_type: SessionType
  status: Status
  max_participants: number
  current_viewers: number
  is_public: boolean
  is_recorded: boolean
  owner_id: number
  owner_name: string
  scheduled_at: string | null
  started_at: string | null
  ended_at: string | null
  created_at: string
}

export interface SeenSession {
  session: SessionRow
  /** People who are there, without the host. */
  viewers: number
  ownerName: string
}

export function sessionBody ({ session, viewers, ownerName }: SeenSession): SessionBody {
  return {
    id: session.id,
    session_id: session.sessionId,
    title: session.title,
    session_type: session.sessionType,
    status: session.status,
    max_participants: session.maxParticipants,
    current_viewers: viewers,
    is_public: session.isPublic,
    is_recorded: session.isRecorded,
    owner_id: session.ownerId,
    owner_name: ownerName,
    scheduled_at: momentOf(session.scheduledAt),
    started_at: momentOf(session.startedAt),
    ended_at: momentOf(session.endedAt),
    created_at: wholeSeconds(session.createdAt)
  }
}

function momentOf (time: Date | null): string | null {
  return time === null ? null : wholeSeconds(time)
}

/** Whole seconds from one time to another, as both are told. */
export function secondsBetween (from: Date, to: Date): number {
  return Math.max(0, Math.floor(to.getTime() / 1_000) - Math.floor(from.getTime() / 1_000))
}

/** How long it has been live: 0 before its start. */
export function durationOf ({ startedAt, endedAt }: Pick<SessionRow, 'startedAt' | 'endedAt'>, now: Date): number {
  return startedAt === null ? 0 : secondsBetween(startedAt, endedAt ?? now)
}

/** Whether people may be in its room. */
export function isOpenSession ({ status, deletedAt }: Pick<SessionRow, 'status' | 'deletedAt'>): boolean {
  return isOpen(status) && deletedAt === null
}
