import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { isCrossSite } from '../../src/http/cross-site.ts'
import type { Account } from './account.ts'
import { readSessionCookies } from './session-cookies.ts'
import type { Role } from './tables.ts'

/** What a request says about who makes it. */
export interface Credentials {
  /** Of the session that the access token is of. */
  sessionId: string | undefined
  /** Why nobody is logged in. */
  refusal: HeadwaterError
}

export interface Identified {
  account: Account
  sessionId: string
}

export interface GuardsOptions {
  /** @throws HeadwaterError when the token is of no use */
  authenticate: (token: string) => Promise<Identified>
  /** Origins whose pages may use the cookie. */
  allowedOrigins: readonly string[]
}

const BEARER = /^Bearer +(\S+)$/i

/** What stands behind `Authorization: Bearer`. Another scheme is somebody else's, a proxy's for example. */
export function bearerToken ({ headers: { authorization } }: FastifyRequest): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1]
}

/** Hooks for routes: who asks, and who may. */
export class Guards {
  readonly #options: GuardsOptions
  readonly #known = new WeakMap<FastifyRequest, Credentials>()

  constructor (options: GuardsOptions) {
    this.#options = options
  }

  /** Finds out who asks, and refuses nobody: `request.account` is null where nobody is logged in. */
  readonly identify: onRequestAsyncHookHandler = async request => {
    try {
      const { account, sessionId } = await this.#find(request)
      request.account = account
      this.#known.set(request, { sessionId, refusal: new HeadwaterError('NOT_LOGGED_IN') })
    } catch (error) {
      // Who asks cannot be found out: that is no reason to take them for nobody.
      if (!(error instanceof HeadwaterError) || error.statusCode >= 500) throw error
      this.#known.set(request, { sessionId: undefined, refusal: error })
    }
  }

  /** After `identify`: lets in who is logged in. */
  readonly requireLogin: onRequestAsyncHookHandler = async request => {
    if (request.account === null) throw this.credentials(request).refusal
  }

  /** After `identify`: lets in who has one of these roles. */
  requireRole (...roles: Role[]): onRequestAsyncHookHandler {
    return async (request: FastifyRequest, _reply: FastifyReply) => {
      if (request.account === null) throw this.credentials(request).refusal
      if (!roles.includes(request.account.role)) throw new HeadwaterError('FORBIDDEN', { message: `This needs the role ${roles.join(' or ')}` })
    }
  }

  credentials (request: FastifyRequest): Credentials {
    return this.#known.get(request) ?? { sessionId: undefined, refusal: new HeadwaterError('NOT_LOGGED_IN') }
  }

  /** The cookies, unless another site makes use of them. @throws HeadwaterError `FORBIDDEN` */
  ownCookies (request: FastifyRequest): ReturnType<typeof readSessionCookies> {
    const cookies = readSessionCookies(request)
    if ((cookies.access !== undefined || cookies.refresh !== undefined) && isCrossSite(request, this.#options.allowedOrigins)) {
      throw new HeadwaterError('FORBIDDEN', { message: 'Pages of another origin may not use the cookie: see ALLOWED_ORIGINS' })
    }
    return cookies
  }

  async #find (request: FastifyRequest): Promise<Identified> {
    const token = bearerToken(request) ?? this.ownCookies(request).access
    if (token === undefined || token === '') throw new HeadwaterError('NOT_LOGGED_IN')
    return await this.#options.authenticate(token)
  }
}
