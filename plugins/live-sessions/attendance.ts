/**
 * Who takes part in a session, and from when to when: rows of the database, which are right whatever order events come in.
 * Rows and seats change together, while the session is held: otherwise who joins and leaves at once, at two servers,
 * would be there without a seat, or have one without being there.
 */
import { and, asc, count, eq, isNotNull, ne, sql } from 'drizzle-orm'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { AssignableRole, InvitedRole } from './roles.ts'
import { isOpenSession, secondsBetween, type SessionRow } from './session.ts'
import { mustBeOpen } from './session-state.ts'
import { changeSession, holdAnySession, holdSession } from './session-store.ts'
import { afterConnection, afterDisconnection, afterStay, type Connection, type Stay } from './stay.ts'
import { bans, participants } from './tables.ts'

export type ParticipantRow = typeof participants.$inferSelect

export interface Arrival {
  userId: number
  displayName: string
  /** Whoever comes for the first time gets it; the owner is the host. */
  role: InvitedRole
  /** There from now on, and not only when the provider says so. */
  isThere: boolean
}

/** What becomes of somebody who has connected: `removed` may not be there, `stranger` has nothing to do with a session. */
export type Connected = { outcome: 'there', session: SessionRow, participant: ParticipantRow } | { outcome: 'old' | 'removed' | 'stranger' }

/** What becomes of somebody's seat, together with their row. */
export type SeatStep = (session: SessionRow) => Promise<unknown>

export async function findParticipant (orm: Orm, sessionId: string, userId: number): Promise<ParticipantRow | undefined> {
  return (await orm.select().from(participants).where(of(sessionId, userId)))[0]
}

export async function isBanned (orm: Orm, sessionId: string, userId: number): Promise<boolean> {
  return (await orm.select({ userId: bans.userId }).from(bans).where(and(eq(bans.sessionId, sessionId), eq(bans.userId, userId)))).length > 0
}

/** All who ever took part, the first first. */
export async function listParticipants (orm: Orm, sessionId: string): Promise<ParticipantRow[]> {
  return await orm.select().from(participants).where(eq(participants.sessionId, sessionId)).orderBy(asc(participants.joinedAt), asc(participants.id))
}

/** Those who are there. */
export async function listPresent (orm: Orm, sessionId: string): Promise<ParticipantRow[]> {
  return await orm.select().from(participants).where(and(eq(participants.sessionId, sessionId), isNotNull(participants.presentSince)))
}

/** Seconds that somebody was there, over all stays. */
export function attendedSeconds ({ duration, presentSince }: Pick<ParticipantRow, 'duration' | 'presentSince'>, now: Date): number {
  return duration + (presentSince === null ? 0 : secondsBetween(presentSince, now))
}

/**
 * Somebody joins. The role that they had stays.
 * @throws HeadwaterError `SESSION_NOT_FOUND`, `FORBIDDEN` for who was kicked, `INVALID_STATE` once it is over; what `takeSeat` throws
 */
export async function admit (orm: Orm, sessionId: string, { userId, displayName, role, isThere }: Arrival, takeSeat: SeatStep): Promise<{ session: SessionRow, participant: ParticipantRow }> {
  return await orm.transaction(async transaction => {
    const session = await holdSession(transaction, sessionId)
    if (await isBanned(transaction, sessionId, userId)) throw kickedEarlier()
    mustBeOpen(session.status)
    await takeSeat(session)
    const now = new Date()
    const presentSince = isThere ? now : null
    const [participant] = await transaction.insert(participants)
      .values({ sessionId, userId, displayName, role: session.ownerId === userId ? 'host' : role, joinedAt: now, presentSince, isExpected: true })
      .onConflictDoUpdate({
        target: [participants.sessionId, participants.userId],
        set: { displayName, isExpected: true, ...(isThere ? { presentSince: sql`coalesce(${participants.presentSince}, ${now.toISOString()}::timestamptz)` } : {}) }
      }).returning()
    const hasRoom = session.hasRoom ? session : await changeSession(transaction, sessionId, { hasRoom: true })
    return { session: await notePeak(transaction, hasRoom), participant: participant! }
  })
}

export function kickedEarlier (): HeadwaterError {
  return new HeadwaterError('FORBIDDEN', { message: 'You were removed from this session' })
}

/**
 * Somebody has connected to the room, or still is connected.
 * @param isSure it was asked for just now; what is told may come late, twice, and after the end of what it tells
 */
export async function connect (orm: Orm, sessionId: string, userId: number, connection: Connection, { name, isSure }: { name: string, isSure: boolean }, keepSeat: SeatStep): Promise<Connected> {
  const { sid, at } = connection
  return await orm.transaction(async (transaction): Promise<Connected> => {
    const session = await holdAnySession(transaction, sessionId)
    if (session === undefined) return { outcome: 'stranger' }
    if (!isOpenSession(session) || await isBanned(transaction, sessionId, userId)) return { outcome: 'removed' }
    const known = await holdParticipant(transaction, sessionId, userId)
    // With the token that came of its making, the host needs not join.
    if (known === undefined && session.ownerId !== userId) return { outcome: 'stranger' }
    const change = known === undefined ? undefined : afterConnection(known, connection, isSure)
    if (known !== undefined && change === undefined) return { outcome: 'old' }
    const participant = known === undefined
      ? (await transaction.insert(participants).values({ sessionId, userId, displayName: name, role: 'host', joinedAt: at, presentSince: at, connection: sid, connectedAt: at }).returning())[0]!
      : await changeRow(transaction, known, Object.keys(change!).length === 0 ? {} : { ...change, isExpected: false })
    await notePeak(transaction, session.hasRoom ? session : await changeSession(transaction, sessionId, { hasRoom: true }))
    await keepSeat(session)
    return { outcome: 'there', session, participant }
  })
}

/** A connection has ended; where it was the one by which somebody was there, they are not any more. Their seat stays theirs for a token that they have since. */
export async function disconnect (orm: Orm, sessionId: string, userId: number, connection: Connection, giveBack: SeatStep): Promise<void> {
  await orm.transaction(async transaction => {
    const session = await holdAnySession(transaction, sessionId)
    const known = await holdParticipant(transaction, sessionId, userId)
    if (session === undefined || known === undefined) return
    await changeRow(transaction, known, afterDisconnection(known, connection))
    // Whoever loads a page anew joins before the end of the old connection is told.
    if (known.connection === connection.sid && !known.isExpected) await giveBack(session)
  })
}

/** Somebody is gone, whatever connection they have; if it stays, whoever looks after the room finds them again. */
export async function leave (orm: Orm, sessionId: string, userId: number, giveBack: SeatStep): Promise<void> {
  await orm.transaction(async transaction => {
    const session = await holdAnySession(transaction, sessionId)
    if (session === undefined) return
    const known = await holdParticipant(transaction, sessionId, userId)
    if (known !== undefined) await changeRow(transaction, known, { ...afterStay(known, new Date()), isExpected: false })
    await giveBack(session)
  })
}

/**
 * Somebody was not seen for too long.
 * @param isSeated whether they have a seat: they came again meanwhile, and are not gone
 * @returns false for who is connected: that has to be asked for
 */
export async function timeOut (orm: Orm, sessionId: string, userId: number, lastSeenAt: Date, isSeated: (session: SessionRow) => Promise<boolean>): Promise<boolean> {
  return await orm.transaction(async transaction => {
    const session = await holdAnySession(transaction, sessionId)
    const known = await holdParticipant(transaction, sessionId, userId)
    if (session === undefined || known === undefined) return true
    if (known.connection !== null) return false
    if (!await isSeated(session)) await changeRow(transaction, known, afterStay(known, lastSeenAt))
    return true
  })
}

/** Everybody is gone: it is over. As `afterStay`, for all of them at once. */
export async function leaveAll (orm: Orm, sessionId: string, now: Date): Promise<void> {
  const { presentSince, duration, connection, endedConnection, endedConnectionAt } = participants
  const end = sql`${now.toISOString()}::timestamptz`
  await orm.update(participants).set({
    presentSince: null,
    connection: null,
    endedConnection: sql`coalesce(${connection}, ${endedConnection})`,
    endedConnectionAt: sql`case when ${connection} is null then ${endedConnectionAt} else ${end} end`,
    leftAt: sql`greatest(${end}, ${presentSince})`,
    // As `secondsBetween`, for all of them at once.
    duration: sql`${duration} + greatest(0, floor(extract(epoch from ${end})) - floor(extract(epoch from ${presentSince})))`
  }).where(and(eq(participants.sessionId, sessionId), isNotNull(presentSince)))
}

/** From now on somebody has another role. */
export async function changeRole (orm: Orm, sessionId: string, userId: number, role: AssignableRole): Promise<void> {
  await orm.update(participants).set({ role, roleChangedAt: new Date() }).where(of(sessionId, userId))
}

/** Somebody is thrown out, for good. */
export async function ban (orm: Orm, sessionId: string, userId: number, bannedBy: number, giveBack: SeatStep): Promise<void> {
  await orm.transaction(async transaction => {
    // Who is just being let in is let in before, or not at all.
    await holdSession(transaction, sessionId)
    await transaction.insert(bans).values({ sessionId, userId, bannedBy }).onConflictDoNothing()
    await leave(transaction, sessionId, userId, giveBack)
  })
}

async function holdParticipant (transaction: Orm, sessionId: string, userId: number): Promise<ParticipantRow | undefined> {
  return (await transaction.select().from(participants).where(of(sessionId, userId)).for('update'))[0]
}

/** Counts who is there, after somebody came; the session has to be held. */
async function notePeak (transaction: Orm, session: SessionRow): Promise<SessionRow> {
  const { sessionId, peakViewers } = session
  const [counted] = await transaction.select({ viewers: count() }).from(participants)
    .where(and(eq(participants.sessionId, sessionId), isNotNull(participants.presentSince), ne(participants.role, 'host')))
  const viewers = counted?.viewers ?? 0
  return viewers > peakViewers ? await changeSession(transaction, sessionId, { peakViewers: viewers }) : session
}

/** @returns as it is then */
async function changeRow (transaction: Orm, known: ParticipantRow, change: Partial<Stay & Pick<ParticipantRow, 'isExpected'>>): Promise<ParticipantRow> {
  if (Object.keys(change).length === 0) return known
  return (await transaction.update(participants).set(change).where(eq(participants.id, known.id)).returning())[0]!
}

function of (sessionId: string, userId: number) {
  return and(eq(participants.sessionId, sessionId), eq(participants.userId, userId))
}
