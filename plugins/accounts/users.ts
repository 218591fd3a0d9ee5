import { and, asc, count, eq, inArray, like, or, type SQL } from 'drizzle-orm'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { isUniqueViolation, type Orm } from '../../src/platform/database/database.ts'
import type { UserRow } from './account.ts'
import { identityKey, searchPattern } from './identity.ts'
import { passwordResets, sessions, users, type Role, type Status } from './tables.ts'

export interface NewUser {
  username: string
  email: string
  nickname: string
  passwordHash: string
  role?: Role
}

/** What may change about an account; nothing else does. */
export interface UserChanges {
  email?: string
  nickname?: string
  passwordHash?: string
  avatarName?: string
  avatarAddress?: string
  role?: Role
}

export interface UserFilter {
  /** A part of a username, an address or a nickname, whatever its case. */
  keyword?: string
  status?: Status
  role?: Role
  limit: number
  offset: number
}

/** @throws HeadwaterError `USERNAME_TAKEN`, `EMAIL_TAKEN` */
export async function addUser (orm: Orm, { username, email, nickname, passwordHash, role = 'user' }: NewUser): Promise<UserRow> {
  const [user] = await uniquely(orm.insert(users).values({
    username,
    email,
    nickname,
    usernameKey: identityKey(username),
    emailKey: identityKey(email),
    nicknameKey: identityKey(nickname),
    passwordHash,
    role
  }).returning())
  return user!
}

export async function findUser (orm: Orm, id: number): Promise<UserRow | undefined> {
  return (await orm.select().from(users).where(eq(users.id, id)))[0]
}

export async function findUsers (orm: Orm, ids: readonly number[]): Promise<UserRow[]> {
  return await orm.select().from(users).where(inArray(users.id, [...ids]))
}

export async function findByUsername (orm: Orm, username: string): Promise<UserRow | undefined> {
  return (await orm.select().from(users).where(eq(users.usernameKey, identityKey(username))))[0]
}

export async function findByEmail (orm: Orm, email: string): Promise<UserRow | undefined> {
  return (await orm.select().from(users).where(eq(users.emailKey, identityKey(email))))[0]
}

/** Whether there is an administrator who can log in. */
export async function hasAdministrator (orm: Orm): Promise<boolean> {
  const found = await orm.select({ id: users.id }).from(users).where(and(eq(users.role, 'admin'), eq(users.status, 'active'))).limit(1)
  return found.length > 0
}

/**
 * @returns the account as it is then
 * @throws HeadwaterError `ACCOUNT_NOT_FOUND`, `EMAIL_TAKEN`
 */
export async function changeUser (orm: Orm, id: number, changes: UserChanges): Promise<UserRow> {
  const { email, nickname } = changes
  const [user] = await uniquely(orm.update(users).set({
    ...changes,
    ...(email === undefined ? {} : { emailKey: identityKey(email) }),
    ...(nickname === undefined ? {} : { nicknameKey: identityKey(nickname) }),
    updatedAt: new Date()
  }).where(eq(users.id, id)).returning())
  if (user === undefined) throw new HeadwaterError('ACCOUNT_NOT_FOUND')
  return user
}

/**
 * Bans, deletes or lets in again. Who is not active has no session and no way to a new password from then on.
 * @throws HeadwaterError `ACCOUNT_NOT_FOUND`
 */
export async function changeStatus (orm: Orm, id: number, status: Status, reason?: string): Promise<UserRow> {
  return await orm.transaction(async transaction => {
    const [user] = await transaction.update(users).set({ status, banReason: reason ?? null, updatedAt: new Date() }).where(eq(users.id, id)).returning()
    if (user === undefined) throw new HeadwaterError('ACCOUNT_NOT_FOUND')
    if (status !== 'active') {
      await transaction.delete(sessions).where(eq(sessions.userId, id))
      await transaction.delete(passwordResets).where(eq(passwordResets.userId, id))
    }
    return user
  })
}

/** Sets a password; all sessions end. @throws HeadwaterError `ACCOUNT_NOT_FOUND` */
export async function changePassword (orm: Orm, id: number, passwordHash: string): Promise<void> {
  await orm.transaction(async transaction => {
    await changeUser(transaction, id, { passwordHash })
    await transaction.delete(sessions).where(eq(sessions.userId, id))
    await transaction.delete(passwordResets).where(eq(passwordResets.userId, id))
  })
}

/** Oldest first. */
export async function listUsers (orm: Orm, { keyword, status, role, limit, offset }: UserFilter): Promise<{ rows: UserRow[], total: number }> {
  const conditions: Array<SQL | undefined> = [
    status === undefined ? undefined : eq(users.status, status),
    role === undefined ? undefined : eq(users.role, role),
    keyword === undefined || keyword === '' ? undefined : or(...[users.usernameKey, users.emailKey, users.nicknameKey].map(key => like(key, searchPattern(keyword))))
  ]
  const where = and(...conditions)
  const rows = await orm.select().from(users).where(where).orderBy(asc(users.id)).limit(limit).offset(offset)
  const [counted] = await orm.select({ total: count() }).from(users).where(where)
  return { rows, total: counted?.total ?? 0 }
}

async function uniquely<T> (statement: PromiseLike<T>): Promise<T> {
  try {
    return await statement
  } catch (error) {
    if (isUniqueViolation(error, 'users_username_key')) throw new HeadwaterError('USERNAME_TAKEN')
    if (isUniqueViolation(error, 'users_email_key')) throw new HeadwaterError('EMAIL_TAKEN')
    throw error
  }
}
