import { randomUUID } from 'node:crypto'
import { and, eq, gt, isNull, lt } from 'drizzle-orm'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { UserRow } from './account.ts'
import { hashOf, newOpaqueToken } from './opaque-token.ts'
import { refreshTokens, sessions, users } from './tables.ts'

/** A session, and a token that renews it once. */
export interface OpenSession {
  sessionId: string
  refreshToken: string
}

export interface RenewedSession extends OpenSession {
  user: UserRow
}

/**
 * Somebody has logged in.
 * @param user as the password was checked against it; the session is not opened when that has changed meanwhile
 * @param seconds how long, without being renewed
 * @throws HeadwaterError `NOT_LOGGED_IN`
 */
export async function openSession (orm: Orm, { id: userId, passwordHash }: UserRow, seconds: number): Promise<OpenSession> {
  const sessionId = randomUUID()
  const { token, hash } = newOpaqueToken()
  const expiresAt = after(seconds)
  await orm.transaction(async transaction => {
    const unchanged = await transaction.select({ id: users.id }).from(users)
      .where(and(eq(users.id, userId), eq(users.passwordHash, passwordHash), eq(users.status, 'active'))).for('share')
    if (unchanged.length === 0) throw new HeadwaterError('NOT_LOGGED_IN', { message: 'The account has changed: log in again' })
    await transaction.delete(sessions).where(and(eq(sessions.userId, userId), lt(sessions.expiresAt, new Date())))
    await transaction.insert(sessions).values({ id: sessionId, userId, expiresAt })
    await transaction.insert(refreshTokens).values({ hash, sessionId, expiresAt })
  })
  return { sessionId, refreshToken: token }
}

/**
 * Takes a refresh token, once, for a new one. Whoever brings a used one ends the session for everybody: one of the two
 * who had it is a thief.
 * @param onReuse is told whose session that was
 * @throws HeadwaterError `NOT_LOGGED_IN`, `TOKEN_EXPIRED`
 */
export async function renewByToken (orm: Orm, token: string, seconds: number, onReuse: (userId: number) => void): Promise<RenewedSession> {
  const hash = hashOf(token)
  const now = new Date()
  const outcome = await orm.transaction(async (transaction): Promise<RenewedSession | { reusedBy: number } | HeadwaterError> => {
    const [taken] = await transaction.update(refreshTokens).set({ usedAt: now })
      .where(and(eq(refreshTokens.hash, hash), isNull(refreshTokens.usedAt), gt(refreshTokens.expiresAt, now))).returning({ sessionId: refreshTokens.sessionId })
    if (taken !== undefined) return { ...await renew(transaction, taken.sessionId, seconds), user: await userOf(transaction, taken.sessionId) }
    const [known] = await transaction.select({ sessionId: sessions.id, userId: sessions.userId, usedAt: refreshTokens.usedAt })
      .from(refreshTokens).innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId)).where(eq(refreshTokens.hash, hash))
    if (known === undefined) return new HeadwaterError('NOT_LOGGED_IN', { message: 'The refresh token is not valid' })
    if (known.usedAt === null) return new HeadwaterError('TOKEN_EXPIRED', { message: 'The refresh token has expired' })
    await endSession(transaction, known.sessionId)
    return { reusedBy: known.userId }
  })
  if (outcome instanceof HeadwaterError) throw outcome
  if ('reusedBy' in outcome) {
    onReuse(outcome.reusedBy)
    throw new HeadwaterError('NOT_LOGGED_IN', { message: 'The refresh token was used before: log in again' })
  }
  return outcome
}

/** A new refresh token for a session. @throws HeadwaterError `NOT_LOGGED_IN` when it has ended */
export async function renewSession (orm: Orm, sessionId: string, seconds: number): Promise<OpenSession> {
  return await orm.transaction(async transaction => await renew(transaction, sessionId, seconds))
}

/** The account of a session that has not ended, and the session of an account; undefined for either that is not there. */
export async function findSession (orm: Orm, userId: number, sessionId: string): Promise<{ user: UserRow, isOpen: boolean } | undefined> {
  const [found] = await orm.select({ user: users, sessionId: sessions.id }).from(users)
    .leftJoin(sessions, and(eq(sessions.id, sessionId), eq(sessions.userId, users.id))).where(eq(users.id, userId))
  return found === undefined ? undefined : { user: found.user, isOpen: found.sessionId !== null }
}

export async function endSession (orm: Orm, sessionId: string): Promise<void> {
  await orm.delete(sessions).where(eq(sessions.id, sessionId))
}

/** Ends the session of a refresh token, whether it was used or not. */
export async function endSessionOfToken (orm: Orm, token: string): Promise<void> {
  const [known] = await orm.select({ sessionId: refreshTokens.sessionId }).from(refreshTokens).where(eq(refreshTokens.hash, hashOf(token)))
  if (known !== undefined) await endSession(orm, known.sessionId)
}

async function renew (orm: Orm, sessionId: string, seconds: number): Promise<OpenSession> {
  const { token, hash } = newOpaqueToken()
  const expiresAt = after(seconds)
  await orm.delete(refreshTokens).where(and(eq(refreshTokens.sessionId, sessionId), lt(refreshTokens.expiresAt, new Date())))
  const open = await orm.update(sessions).set({ expiresAt }).where(eq(sessions.id, sessionId)).returning({ id: sessions.id })
  if (open.length === 0) throw new HeadwaterError('NOT_LOGGED_IN', { message: 'The session has ended: log in again' })
  await orm.insert(refreshTokens).values({ hash, sessionId, expiresAt })
  return { sessionId, refreshToken: token }
}

async function userOf (orm: Orm, sessionId: string): Promise<UserRow> {
  const [found] = await orm.select({ user: users }).from(sessions).innerJoin(users, eq(users.id, sessions.userId)).where(eq(sessions.id, sessionId))
  return found!.user
}

function after (seconds: number): Date {
  return new Date(Date.now() + seconds * 1000)
}
