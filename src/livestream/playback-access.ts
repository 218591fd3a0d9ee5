import type { preHandlerAsyncHookHandler, FastifyRequest } from 'fastify'
import type { LivestreamConfig } from '../config/livestream.ts'
import { HeadwaterError } from '../errors/catalogue.ts'
import { goneSignal } from '../http/gone-signal.ts'
import { askHost } from './ask-host.ts'
import type { HostHooks, PlaybackRequest, PlaybackResource } from './host-hooks.ts'
import { signatureFault, type SignatureFault } from './playback-signature.ts'
import { streamKeyOf } from './routes/stream-key.ts'

type Query = PlaybackRequest['query']

const FAULT_WORDS: Record<SignatureFault, string> = {
  missing: 'A signed link is needed to watch here: expires and signature are missing',
  wrong: 'The signature of this link is not valid',
  expired: 'This link has expired'
}

/** Who may have the media of streams: whoever has a signature (`PLAYBACK_KEYS`), and whom the host lets. */
export class PlaybackAccess {
  readonly #keys: readonly string[]
  readonly #hook: HostHooks['authorizePlayback']
  readonly #timeoutMs: number

  constructor ({ playbackKeys, hostHookTimeoutMs }: Pick<LivestreamConfig, 'playbackKeys' | 'hostHookTimeoutMs'>, { authorizePlayback }: HostHooks) {
    this.#keys = playbackKeys
    this.#hook = authorizePlayback
    this.#timeoutMs = hostHookTimeoutMs
  }

  /** What a route of media has to stand behind: before anything is read or held. Nothing where anyone may watch. */
  guard (resource: PlaybackResource): { preHandler?: preHandlerAsyncHookHandler } {
    const hook = this.#hook
    if (this.#keys.length === 0 && hook === undefined) return {}
    return {
      preHandler: async (request, reply) => {
        const streamKey = streamKeyOf(request)
        const query = request.query as Query
        const fault = this.#keys.length === 0 ? undefined : signatureFault(streamKey, query, this.#keys, Date.now())
        if (fault !== undefined) throw new HeadwaterError('UNAUTHORIZED', { message: FAULT_WORDS[fault], streamKey })
        if (hook === undefined) return
        const { ip: address, headers } = request
        await askHost('authorizePlayback', hook, { streamKey, resource, address, headers, query }, { timeoutMs: this.#timeoutMs, gone: goneSignal(reply) })
      }
    }
  }

  /** The query that a playlist hands on to its segments, of a request that was let in; undefined: they need none. */
  signedQuery (request: FastifyRequest): string | undefined {
    if (this.#keys.length === 0) return undefined
    const { expires, signature } = request.query as { expires: string, signature: string }
    return `expires=${expires}&signature=${signature}`
  }

  /**
   * How long an answer may be kept, and by whom: a shared cache would not ask the host, and nobody keeps what is
   * signed for longer than the signature is good.
   */
  cacheControl (request: FastifyRequest, seconds: number): string {
    const { expires } = request.query as { expires?: string }
    const life = this.#keys.length === 0 ? Infinity : Math.max(0, Number(expires) - Math.ceil(Date.now() / 1000))
    return `${this.#hook === undefined ? 'public' : 'private'}, max-age=${Math.min(seconds, life)}`
  }
}
