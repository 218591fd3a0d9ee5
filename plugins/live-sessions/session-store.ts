import { and, count, desc, eq, exists, inArray, isNotNull, isNull, ne, notExists, or, sql, type SQL } from 'drizzle-orm'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { SessionRow } from './session.ts'
import type { Status } from './session-state.ts'
import { bans, participants, sessions, type SessionType } from './tables.ts'

export type NewSession = Pick<SessionRow, 'sessionId' | 'ownerId' | 'title' | 'description' | 'sessionType' | 'maxParticipants' | 'isRecorded' | 'isPublic' | 'inviteToken' | 'scheduledAt'>

/** Who looks: what they may see depends on it. */
export interface Onlooker {
  /** Undefined: nobody is logged in. */
  accountId: number | undefined
  isAdmin: boolean
}

export interface SessionFilter {
  status?: Status
  sessionType?: SessionType
  isPublic?: boolean
  ownerId?: number
  /** Only those that this account took part in, without its own. */
  joinedBy?: number
  limit: number
  offset: number
}

export async function addSession (orm: Orm, session: NewSession): Promise<SessionRow> {
  const [added] = await orm.insert(sessions).values(session).returning()
  return added!
}

/** One that is not deleted. */
export async function findSession (orm: Orm, sessionId: string): Promise<SessionRow | undefined> {
  return (await orm.select().from(sessions).where(and(eq(sessions.sessionId, sessionId), isNull(sessions.deletedAt))))[0]
}

/**
 * The same, and nobody else changes it, or who is in it, before the transaction is over.
 * @throws HeadwaterError `SESSION_NOT_FOUND`
 */
export async function holdSession (transaction: Orm, sessionId: string): Promise<SessionRow> {
  const session = await holdAnySession(transaction, sessionId)
  if (session === undefined || session.deletedAt !== null) throw new HeadwaterError('SESSION_NOT_FOUND')
  return session
}

/** The same, deleted or not. */
export async function holdAnySession (transaction: Orm, sessionId: string): Promise<SessionRow | undefined> {
  return (await transaction.select().from(sessions).where(eq(sessions.sessionId, sessionId)).for('update'))[0]
}

export async function changeSession (orm: Orm, sessionId: string, changes: Partial<Omit<SessionRow, 'id' | 'sessionId'>>): Promise<SessionRow> {
  const [changed] = await orm.update(sessions).set({ ...changes, updatedAt: new Date() }).where(eq(sessions.sessionId, sessionId)).returning()
  return changed!
}

/** Those that may have a room, deleted ones too. @param openIds of those that have one, whether they should or not */
export async function sessionsWithRooms (orm: Orm, openIds: readonly string[]): Promise<SessionRow[]> {
  // One parameter, however many there are.
  return await orm.select().from(sessions).where(or(eq(sessions.hasRoom, true), sql`${sessions.sessionId} in (select jsonb_array_elements_text(${JSON.stringify(openIds)}::jsonb))`))
}

/** Which of these are live. */
export async function liveAmong (orm: Orm, sessionIds: readonly string[]): Promise<Set<string>> {
  const rows = await orm.select({ sessionId: sessions.sessionId }).from(sessions)
    .where(and(inArray(sessions.sessionId, [...sessionIds]), eq(sessions.status, 'live'), isNull(sessions.deletedAt)))
  return new Set(rows.map(({ sessionId }) => sessionId))
}

/** Those that are live first, then by their time, the latest first. */
export async function listSessions (orm: Orm, onlooker: Onlooker, { status, sessionType, isPublic, ownerId, joinedBy, limit, offset }: SessionFilter): Promise<{ rows: SessionRow[], total: number }> {
  const where = and(
    isNull(sessions.deletedAt),
    visibleTo(orm, onlooker),
    status === undefined ? undefined : eq(sessions.status, status),
    sessionType === undefined ? undefined : eq(sessions.sessionType, sessionType),
    isPublic === undefined ? undefined : eq(sessions.isPublic, isPublic),
    ownerId === undefined ? undefined : eq(sessions.ownerId, ownerId),
    joinedBy === undefined ? undefined : and(ne(sessions.ownerId, joinedBy), tookPart(orm, joinedBy))
  )
  const rows = await orm.select().from(sessions).where(where)
    .orderBy(desc(eq(sessions.status, 'live')), desc(sql`coalesce(${sessions.scheduledAt}, ${sessions.createdAt})`), desc(sessions.id)).limit(limit).offset(offset)
  const [counted] = await orm.select({ total: count() }).from(sessions).where(where)
  return { rows, total: counted?.total ?? 0 }
}

/** Sessions of which something was recorded, whose recordings somebody may see; undefined: all. What is deleted has its owner alone. */
export async function recordedSessionsFor (orm: Orm, onlooker: Onlooker): Promise<string[] | undefined> {
  if (onlooker.isAdmin) return undefined
  const rows = await orm.select({ sessionId: sessions.sessionId }).from(sessions).where(and(isNotNull(sessions.recordingUrl), recordingVisibleTo(orm, onlooker)))
  return rows.map(({ sessionId }) => sessionId)
}

/** Whether somebody may see the recordings of a session. */
export async function maySeeRecordings (orm: Orm, sessionId: string, onlooker: Onlooker): Promise<boolean> {
  const found = await orm.select({ id: sessions.id }).from(sessions).where(and(eq(sessions.sessionId, sessionId), recordingVisibleTo(orm, onlooker)))
  return found.length > 0
}

/** People who are in these sessions, without the hosts. */
export async function countViewers (orm: Orm, sessionIds: readonly string[]): Promise<Map<string, number>> {
  if (sessionIds.length === 0) return new Map()
  const rows = await orm.select({ sessionId: participants.sessionId, viewers: count() }).from(participants)
    .where(and(inArray(participants.sessionId, [...sessionIds]), isNotNull(participants.presentSince), ne(participants.role, 'host'))).groupBy(participants.sessionId)
  return new Map(rows.map(({ sessionId, viewers }) => [sessionId, viewers]))
}

/** Undefined: everything is. */
function visibleTo (orm: Orm, { accountId, isAdmin }: Onlooker): SQL | undefined {
  if (isAdmin) return undefined
  if (accountId === undefined) return eq(sessions.isPublic, true)
  return or(eq(sessions.isPublic, true), eq(sessions.ownerId, accountId), tookPart(orm, accountId))
}

function recordingVisibleTo (orm: Orm, onlooker: Onlooker): SQL | undefined {
  const { accountId, isAdmin } = onlooker
  if (isAdmin) return undefined
  return or(and(isNull(sessions.deletedAt), visibleTo(orm, onlooker)), accountId === undefined ? undefined : eq(sessions.ownerId, accountId))
}

/** And was not thrown out. */
function tookPart (orm: Orm, accountId: number): SQL | undefined {
  const was = orm.select({ id: participants.id }).from(participants).where(and(eq(participants.sessionId, sessions.sessionId), eq(participants.userId, accountId)))
  const banned = orm.select({ userId: bans.userId }).from(bans).where(and(eq(bans.sessionId, sessions.sessionId), eq(bans.userId, accountId)))
  return and(exists(was), notExists(banned))
}
