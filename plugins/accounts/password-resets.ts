import { and, eq, gt, lt } from 'drizzle-orm'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import { hashOf, newOpaqueToken } from './opaque-token.ts'
import { passwordResets } from './tables.ts'
import { changePassword } from './users.ts'

/** A token that sets a new password, once. @param seconds how long it is good */
export async function addReset (orm: Orm, userId: number, seconds: number): Promise<string> {
  const { token, hash } = newOpaqueToken()
  const now = Date.now()
  await orm.delete(passwordResets).where(and(eq(passwordResets.userId, userId), lt(passwordResets.expiresAt, new Date(now))))
  await orm.insert(passwordResets).values({ hash, userId, expiresAt: new Date(now + seconds * 1000) })
  return token
}

/** @throws HeadwaterError `RESET_TOKEN_INVALID`, also for one that was used; `TOKEN_EXPIRED` */
export async function checkReset (orm: Orm, token: string): Promise<void> {
  const [known] = await orm.select().from(passwordResets).where(eq(passwordResets.hash, hashOf(token)))
  if (known === undefined) throw new HeadwaterError('RESET_TOKEN_INVALID')
  if (known.expiresAt <= new Date()) throw new HeadwaterError('TOKEN_EXPIRED')
}

/**
 * Sets a password by a token. All sessions of the account end, and its other tokens with them.
 * @returns whose password it was
 * @throws HeadwaterError `RESET_TOKEN_INVALID` when somebody else was faster
 */
export async function useReset (orm: Orm, token: string, passwordHash: string): Promise<number> {
  return await orm.transaction(async transaction => {
    const [taken] = await transaction.delete(passwordResets).where(and(eq(passwordResets.hash, hashOf(token)), gt(passwordResets.expiresAt, new Date()))).returning()
    if (taken === undefined) throw new HeadwaterError('RESET_TOKEN_INVALID')
    await changePassword(transaction, taken.userId, passwordHash)
    return taken.userId
  })
}
