import { createHmac, randomUUID } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Role } from './tables.ts'

const ALGORITHM = 'HS256'
const TYPE = 'access'

/** Whom a token is for, and of which session it is. */
export interface AccessClaims {
  userId: number
  sessionId: string
}

/** Tokens that say who asks, for a while. Whether the session is still good, the token does not know. */
export class AccessTokens {
  readonly seconds: number
  readonly #secret: Uint8Array

  constructor (secret: string, seconds: number) {
    this.#secret = new TextEncoder().encode(secret)
    this.seconds = seconds
  }

  /** A secret of its own for what else is signed here; who knows it does not know this one. @param purpose the same text gives the same secret */
  secretFor (purpose: string): string {
    return createHmac('sha256', this.#secret).update(purpose).digest('base64url')
  }

  async issue (user: { id: number, username: string, role: Role }, sessionId: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    return await new SignJWT({ user_id: user.id, username: user.username, role: user.role, typ: TYPE, sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setSubject(String(user.id))
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + this.seconds)
      .sign(this.#secret)
  }

  /** @throws HeadwaterError `TOKEN_EXPIRED` for one that was good, `NOT_LOGGED_IN` for all else */
  async check (token: string): Promise<AccessClaims> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, { algorithms: [ALGORITHM], requiredClaims: ['sub', 'sid', 'iat', 'exp'] })
      const userId = Number(payload.sub)
      if (payload.typ === TYPE && Number.isSafeInteger(userId) && typeof payload.sid === 'string') return { userId, sessionId: payload.sid }
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new HeadwaterError('TOKEN_EXPIRED', { cause })
    }
    throw new HeadwaterError('NOT_LOGGED_IN', { message: 'The token is not valid' })
  }
}
