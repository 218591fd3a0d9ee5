import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler, onSendAsyncHookHandler } from 'fastify'
import { HeadwaterError } from '../errors/catalogue.ts'
import { clientNetwork } from './client-network.ts'
import type { Allowance } from './count-windows.ts'

/** Where requests are counted; `state.limits` is one. */
export interface CountedRequests {
  /** Counts one. @returns what is left; negative: so many too many have come */
  take (key: string, max: number, windowMs: number): Promise<Allowance>
  /** One that was counted shall not count after all. */
  giveBack (key: string): Promise<void>
}

export interface EndpointLimit {
  /** So many requests in a window. */
  max: number
  windowMs: number
  /** Who fails has not been counted. Default: false. */
  successesOnly?: boolean
}

export const perMinute = (max: number): EndpointLimit => ({ max, windowMs: 60_000 })
export const perHour = (max: number): EndpointLimit => ({ max, windowMs: 3_600_000 })
export const perDay = (max: number): EndpointLimit => ({ max, windowMs: 86_400_000 })

/** What is said to who came too often. */
export function tooMany ({ max, windowMs }: EndpointLimit, { endsInMs }: Pick<Allowance, 'endsInMs'>): HeadwaterError {
  return new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: `More than ${max} requests in ${windowMs / 1000} seconds`, retryAfterMs: endsInMs })
}

/** Counts one request under a key; the answer tells what is left. @throws HeadwaterError `RATE_LIMIT_EXCEEDED` */
export async function countRequest (counted: CountedRequests, key: string, limit: EndpointLimit, reply: FastifyReply): Promise<void> {
  const { max, windowMs } = limit
  const { left, endsInMs } = await counted.take(key, max, windowMs)
  const seconds = Math.ceil(endsInMs / 1000)
  reply.headers({ 'x-ratelimit-limit': max, 'x-ratelimit-remaining': Math.max(0, left), 'x-ratelimit-reset': seconds })
  if (left < 0) throw tooMany(limit, { endsInMs })
}

export interface EndpointLimitsOptions {
  counted: CountedRequests
  /** Every limit is multiplied by it; one request is always allowed. */
  multiplier: number
  /** Who is logged in; undefined where nobody is. */
  whoAsks: (request: FastifyRequest) => string | undefined
}

/** By whom requests are counted: by the client's network, or by the account where somebody is logged in. */
export type CountedBy = 'network' | 'account'

export interface LimitHooks {
  onRequest: onRequestAsyncHookHandler
  onSend?: onSendAsyncHookHandler
}

/** Limits of single endpoints, each counted by itself. Every answer tells what is left. */
export class EndpointLimits {
  readonly #options: EndpointLimitsOptions

  constructor (options: EndpointLimitsOptions) {
    this.#options = options
  }

  /**
   * Hooks of a route. By account, whoever finds out who asks has to come before them.
   * @param name of the endpoint; what is counted under it is counted together
   */
  of (name: string, { max: base, windowMs, successesOnly = false }: EndpointLimit, by: CountedBy): LimitHooks {
    const { counted, multiplier } = this.#options
    const max = Math.max(1, Math.floor(base * multiplier))
    const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      await countRequest(counted, this.#keyOf(name, by, request), { max, windowMs }, reply)
    }
    if (!successesOnly) return { onRequest }
    const onSend = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      if (reply.statusCode >= 400) await counted.giveBack(this.#keyOf(name, by, request))
    }
    return { onRequest, onSend }
  }

  #keyOf (name: string, by: CountedBy, request: FastifyRequest): string {
    const who = by === 'account' ? this.#options.whoAsks(request) : undefined
    return `endpoint:${name}:${who === undefined ? `network:${clientNetwork(request.ip)}` : `account:${who}`}`
  }
}
