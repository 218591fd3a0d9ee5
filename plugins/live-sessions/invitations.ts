import { randomUUID } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { INVITED_ROLES, type InvitedRole } from './roles.ts'

const ALGORITHM = 'HS256'
const AUDIENCE = 'live-invite'

/** The session that an invitation is for, and which of its invitations are good. */
export interface Invited {
  sessionId: string
  version: number
}

/**
 * Invitations to private sessions: tokens that whoever has the link brings. They have no end of their own: they are good
 * as long as people may join, and void once the session has a newer version of them.
 */
export class Invitations {
  readonly #secret: Uint8Array

  /** @param secret of nothing else */
  constructor (secret: string) {
    this.#secret = new TextEncoder().encode(secret)
  }

  /** @param role that whoever comes with it for the first time gets */
  async issue ({ sessionId, version }: Invited, role: InvitedRole): Promise<string> {
    return await new SignJWT({ typ: 'invite', role, ver: version })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setAudience(AUDIENCE)
      .setSubject(sessionId)
      .setJti(randomUUID())
      .setIssuedAt()
      .sign(this.#secret)
  }

  /** @throws HeadwaterError `INVITE_TOKEN_INVALID`, also for none */
  async check (token: string | undefined, { sessionId, version }: Invited): Promise<InvitedRole> {
    if (token === undefined || token === '') throw new HeadwaterError('INVITE_TOKEN_INVALID', { message: 'This session is private: an invitation is needed' })
    const { payload } = await jwtVerify(token, this.#secret, { algorithms: [ALGORITHM], audience: AUDIENCE, subject: sessionId, requiredClaims: ['jti', 'iat'] })
      .catch((cause: unknown) => { throw new HeadwaterError('INVITE_TOKEN_INVALID', { message: 'The invitation is not valid for this session', cause }) })
    if (payload.typ !== 'invite' || payload.ver !== version) throw new HeadwaterError('INVITE_TOKEN_INVALID', { message: 'The invitation is not good any more: ask for the new link' })
    const role = INVITED_ROLES.find(one => one === payload.role)
    if (role === undefined) throw new HeadwaterError('INVITE_TOKEN_INVALID')
    return role
  }
}
