import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler, preValidationAsyncHookHandler } from 'fastify'
import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { clientNetwork } from '../../src/http/client-network.ts'
import { CountWindows } from '../../src/http/count-windows.ts'
import { countRequest, tooMany, type EndpointLimit } from '../../src/http/endpoint-limit.ts'
import type { RateLimits } from '../../src/platform/state/state.ts'
import type { Access } from './access.ts'

/** Networks that are known to guess keys. */
const MAX_GUESSERS = 10_000
/** As much of a user's id as there may be. */
const MAX_USER_ID = 128

/** How often a client may ask: so often in all, and for viewers who say that they are there, so often each. */
export class RequestLimits {
  readonly #counted: RateLimits
  readonly #access: Access
  readonly #limit: EndpointLimit
  readonly #guessers: CountWindows

  constructor (counted: RateLimits, access: Access, { rateLimit, rateLimitWindowSeconds }: Pick<IvsConfig, 'rateLimit' | 'rateLimitWindowSeconds'>) {
    this.#counted = counted
    this.#access = access
    this.#limit = { max: rateLimit, windowMs: rateLimitWindowSeconds * 1000 }
    this.#guessers = new CountWindows({ lengthMs: this.#limit.windowMs, maxKeys: MAX_GUESSERS })
  }

  /** Hook, before the key is looked at: otherwise keys could be guessed without a limit. */
  readonly countNetwork: onRequestAsyncHookHandler = async (request, reply) => {
    await this.#count(`ivs:network:${clientNetwork(request.ip)}`, reply)
  }

  /**
   * Hook in place of `countNetwork` and of `Access.requireKey`, for routes that a whole audience uses through one address:
   * there `countViewer` counts. Wrong keys are counted by network all the same, and a network with too many is refused
   * before its key is looked at, a right one too.
   */
  readonly requireKey: onRequestAsyncHookHandler = async (request, reply) => {
    const network = clientNetwork(request.ip)
    const now = performance.now()
    const guesser = this.#guessers.find(network, now)
    if (guesser !== undefined) throw new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: 'Too many wrong API keys', retryAfterMs: guesser.endsAt - now })
    if (this.#access.hasKey(request)) return
    try {
      await this.#count(`ivs:wrong-keys:${network}`, reply)
    } catch (error) {
      this.#guessers.open(network, now)
      throw error
    }
    throw new HeadwaterError('API_KEY_INVALID')
  }

  /** Hook, when the body has been read. */
  readonly countViewer: preValidationAsyncHookHandler = async (request, reply) => {
    await this.#count(viewerKey(clientNetwork(request.ip), request.body), reply)
  }

  /** Hook in place of `countNetwork`, after `requireKey`, where one request brings what many viewers say: `countViewers` counts those. */
  readonly countBatch: onRequestAsyncHookHandler = async (request, reply) => {
    await this.#count(`ivs:batch:${clientNetwork(request.ip)}`, reply)
  }

  /**
   * Counts what viewers say as if each had said it alone.
   * @param said in place of each one's body
   * @returns in their order why it is refused; undefined where it is not
   */
  async countViewers ({ ip }: Pick<FastifyRequest, 'ip'>, said: readonly unknown[]): Promise<Array<HeadwaterError | undefined>> {
    const network = clientNetwork(ip)
    const { max, windowMs } = this.#limit
    const allowances = await this.#counted.takeAll(said.map(body => viewerKey(network, body)), max, windowMs)
    return allowances.map(allowance => allowance.left < 0 ? tooMany(this.#limit, allowance) : undefined)
  }

  /** Awaits nothing itself: every heartbeat comes by here. */
  #count (key: string, reply: FastifyReply): Promise<void> {
    return countRequest(this.#counted, key, this.#limit, reply)
  }
}

/** @param body nothing of it has been validated yet */
function viewerKey (network: string, body: unknown): string {
  const { userId } = (body ?? {}) as { userId?: unknown }
  return `ivs:viewer:${network}:${typeof userId === 'string' ? userId.slice(0, MAX_USER_ID) : ''}`
}
