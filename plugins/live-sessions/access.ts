import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler, preValidationAsyncHookHandler } from 'fastify'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { EndpointLimits, type EndpointLimit } from '../../src/http/endpoint-limit.ts'
import type { RateLimits } from '../../src/platform/state/state.ts'
import { findParticipant, isBanned, kickedEarlier, type ParticipantRow } from './attendance.ts'
import type { LiveSessions } from './open.ts'
import { may, type Action, type Asker, type InvitedRole, type Standing } from './roles.ts'
import type { SessionRow } from './session.ts'
import { userIdOf } from './session-rooms.ts'
import { findSession, type Onlooker } from './session-store.ts'

type Accounts = FastifyInstance['accounts']

/** What the guards of a route have found out. */
interface Asked {
  session: SessionRow
  asker: Asker
  /** They were thrown out. */
  isBanned: boolean
  /** Whom it is about. */
  target?: ParticipantRow
  /** Of whoever joins without a role of their own. */
  invitedRole: InvitedRole
}

export interface SessionAccessOptions {
  accounts: Accounts
  sessions: Pick<LiveSessions, 'orm' | 'invitations' | 'config'>
  limits: RateLimits
}

type Hooks = { onRequest: onRequestAsyncHookHandler[], preValidation?: preValidationAsyncHookHandler }

/**
 * Who may ask what, in this order: 401 who asks, 404 whether there is what it is about, 403 whether they may. All of it
 * comes before a body is validated, so that 400 comes after; 409 is the handlers' business.
 */
export class SessionAccess {
  readonly #options: SessionAccessOptions
  readonly #limits: EndpointLimits
  readonly #asked = new WeakMap<FastifyRequest, Asked>()

  constructor (options: SessionAccessOptions) {
    this.#options = options
    this.#limits = new EndpointLimits({
      counted: options.limits,
      multiplier: options.sessions.config.rateLimitMultiplier,
      whoAsks: ({ account }: FastifyRequest) => account?.id.toString()
    })
  }

  /** Anyone; who is logged in is known. */
  anyone (name: string, limit: EndpointLimit): Hooks {
    return { onRequest: [this.#options.accounts.guards.identify, this.#limits.of(`live-${name}`, limit, 'account').onRequest] }
  }

  /** Who is logged in. */
  account (name: string, limit: EndpointLimit): Hooks {
    return { onRequest: [...this.anyone(name, limit).onRequest, this.#options.accounts.guards.requireLogin] }
  }

  /** Who may make sessions. */
  creator (name: string, limit: EndpointLimit): Hooks {
    return { onRequest: [...this.anyone(name, limit).onRequest, this.#options.accounts.guards.requireRole('admin', 'mentor')] }
  }

  /** Who may see a session. */
  onlooker (name: string, limit: EndpointLimit): Hooks {
    return { onRequest: [...this.anyone(name, limit).onRequest, this.#find, this.#mustSee] }
  }

  /** Who may come to a session: the invitation is in the body. */
  newcomer (name: string, limit: EndpointLimit): Hooks {
    return { onRequest: [...this.account(name, limit).onRequest, this.#find, this.#mustNotBeBanned], preValidation: this.#mustBeInvited }
  }

  /** Whoever asks something of a session that exists; no action of the matrix. */
  inSession (name: string, limit: EndpointLimit): Hooks {
    return { onRequest: [...this.account(name, limit).onRequest, this.#find] }
  }

  /** Who may do something in a session. */
  actor (name: string, limit: EndpointLimit, action: Action): Hooks {
    return { onRequest: [...this.inSession(name, limit).onRequest, this.#must(action)] }
  }

  /** Who may do something with a participant. The host is out of reach. */
  moderator (name: string, limit: EndpointLimit, action: Action): Hooks {
    return { onRequest: [...this.inSession(name, limit).onRequest, this.#findTarget(action), this.#must(action), this.#mustNotBeHost] }
  }

  /** What a request is about. */
  session (request: FastifyRequest): SessionRow {
    return this.#of(request).session
  }

  asker (request: FastifyRequest): Asker {
    return this.#of(request).asker
  }

  target (request: FastifyRequest): ParticipantRow {
    return this.#of(request).target!
  }

  invitedRole (request: FastifyRequest): InvitedRole {
    return this.#of(request).invitedRole
  }

  #of (request: FastifyRequest): Asked {
    return this.#asked.get(request)!
  }

  readonly #find: onRequestAsyncHookHandler = async request => {
    const { orm } = this.#options.sessions
    const { session_id: sessionId } = request.params as { session_id: string }
    const session = isPlain(sessionId) ? await findSession(orm, sessionId) : undefined
    if (session === undefined) throw new HeadwaterError('SESSION_NOT_FOUND')
    const { account } = request
    const banned = account !== null && await isBanned(orm, session.sessionId, account.id)
    const participant = account === null || banned ? undefined : await findParticipant(orm, session.sessionId, account.id)
    const standing: Standing = account?.id === session.ownerId ? 'host' : participant?.role ?? 'guest'
    this.#asked.set(request, { session, asker: { standing, isAdmin: account?.role === 'admin' }, isBanned: banned, invitedRole: 'viewer' })
  }

  #findTarget (action: Action): onRequestAsyncHookHandler {
    return async (request: FastifyRequest) => {
      const { orm } = this.#options.sessions
      const asked = this.#of(request)
      const { sessionId, ownerId } = asked.session
      const userId = userIdOf((request.params as { user_id: string }).user_id)
      // Whether they ever came or not.
      if (userId === ownerId) return
      const target = userId === undefined ? undefined : await findParticipant(orm, sessionId, userId)
      // Who was thrown out can be thrown out again, if that failed halfway.
      if (target === undefined || (action !== 'kick' && await isBanned(orm, sessionId, target.userId))) throw new HeadwaterError('PARTICIPANT_NOT_FOUND', { message: 'There is no such participant' })
      asked.target = target
    }
  }

  readonly #mustNotBeHost: onRequestAsyncHookHandler = async request => {
    if (this.#of(request).target === undefined) throw new HeadwaterError('FORBIDDEN', { message: 'Nobody can change or remove the host' })
  }

  #must (action: Action): onRequestAsyncHookHandler {
    return async (request: FastifyRequest) => {
      if (!may(action, this.#of(request).asker)) throw new HeadwaterError('FORBIDDEN')
    }
  }

  readonly #mustNotBeBanned: onRequestAsyncHookHandler = async request => {
    if (this.#of(request).isBanned) throw kickedEarlier()
  }

  readonly #mustSee: onRequestAsyncHookHandler = async request => {
    const { session, asker } = this.#of(request)
    if (session.isPublic) return
    if (request.account === null) throw this.#options.accounts.guards.credentials(request).refusal
    // Who has come once is in it though the invitation is another one by now.
    if (asker.isAdmin || asker.standing !== 'guest') return
    const { invite_token: inQuery } = request.query as { invite_token?: unknown }
    await this.#checkInvitation(request, inQuery ?? request.headers['x-invite-token'])
  }

  readonly #mustBeInvited: preValidationAsyncHookHandler = async request => {
    const asked = this.#of(request)
    if (may(asked.session.isPublic ? 'join public' : 'join private', asked.asker)) return
    asked.invitedRole = await this.#checkInvitation(request, (request.body as { invite_token?: unknown } | null)?.invite_token)
  }

  async #checkInvitation (request: FastifyRequest, token: unknown): Promise<InvitedRole> {
    const { session: { sessionId, inviteVersion } } = this.#of(request)
    return await this.#options.sessions.invitations.check(typeof token === 'string' ? token : undefined, { sessionId, version: inviteVersion })
  }
}

/** Who looks at lists. */
export function onlookerOf ({ account }: FastifyRequest): Onlooker {
  return { accountId: account?.id, isAdmin: account?.role === 'admin' }
}

/** Whether it can be asked of the database: that takes no text with a zero in it. */
function isPlain (text: string): boolean {
  return !text.includes('\u0000')
}
