import type { FastifyReply, FastifyRequest, preHandlerHookHandler } from 'fastify'
import type { LivestreamConfig } from '../config/livestream.ts'
import { HeadwaterError } from '../errors/catalogue.ts'
import { goneSignal } from '../http/gone-signal.ts'
import { askHost } from './ask-host.ts'
import type { HostHooks, PlaybackRequest, PlaybackResource } from './host-hooks.ts'
import { signatureFault, type SignatureFault } from './playback-signature.ts'
import { handedOn, type Reservation, type Reservations, type ReservedPlaybackRequest } from './reservations.ts'
import { streamKeyOf } from './routes/stream-key.ts'
import { isStranger } from './stranger.ts'

type Query = PlaybackRequest['query']

const FAULT_WORDS: Record<SignatureFault, string> = {
  missing: 'A signed link is needed to watch here: expires and signature are missing',
  wrong: 'The signature of this link is not valid',
  expired: 'This link has expired'
}

/** Who may have the media of streams: whoever has a signature (`PLAYBACK_KEYS`), and whom the host lets. Of a feature's own streams the feature alone is asked. */
export class PlaybackAccess {
  readonly #keys: readonly string[]
  readonly #hook: HostHooks['authorizePlayback']
  readonly #timeoutMs: number
  readonly #reservations: Reservations

  constructor ({ playbackKeys, hostHookTimeoutMs }: Pick<LivestreamConfig, 'playbackKeys' | 'hostHookTimeoutMs'>, { authorizePlayback }: HostHooks, reservations: Reservations) {
    this.#keys = playbackKeys
    this.#hook = authorizePlayback
    this.#timeoutMs = hostHookTimeoutMs
    this.#reservations = reservations
  }

  /** What a route of media has to stand behind: before anything is read or held. */
  guard (resource: PlaybackResource): { preHandler: preHandlerHookHandler } {
    const isOpen = this.#keys.length === 0 && this.#hook === undefined
    return {
      // No promise where anyone may watch: there are many requests for segments.
      preHandler: (request, reply, done) => {
        const streamKey = streamKeyOf(request)
        const reservation = this.#reservations.of(streamKey)
        if (isOpen && reservation === undefined) done()
        else this.#check({ streamKey, resource, reservation }, request, reply).then(() => done(), done)
      }
    }
  }

  /**
   * Whether who asks learns nothing of a stream: a feature owns it, and does not let them.
   * @param gone fires when the client has gone
   * @throws HeadwaterError when that cannot be found out
   */
  async hides (about: Omit<ReservedPlaybackRequest, 'signal'>, gone: AbortSignal): Promise<boolean> {
    const reservation = this.#reservations.of(about.streamKey)
    return reservation !== undefined && await isStranger(this.#askFeature(reservation, about, gone))
  }

  async #check ({ streamKey, resource, reservation }: { streamKey: string, resource: PlaybackResource, reservation: Reservation | undefined }, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { ip: address, headers } = request
    const query = request.query as Query
    const about = { streamKey, resource, address, headers, query }
    if (reservation !== undefined) {
      await this.#askFeature(reservation, about, goneSignal(reply))
      return
    }
    const fault = this.#keys.length === 0 ? undefined : signatureFault(streamKey, query, this.#keys, Date.now())
    if (fault !== undefined) throw new HeadwaterError('UNAUTHORIZED', { message: FAULT_WORDS[fault], streamKey })
    if (this.#hook !== undefined) await askHost('authorizePlayback', this.#hook, about, { timeoutMs: this.#timeoutMs, gone: goneSignal(reply) })
  }

  async #askFeature ({ authorizePlayback }: Reservation, about: Omit<ReservedPlaybackRequest, 'signal'>, gone: AbortSignal): Promise<void> {
    await askHost('authorizePlayback', authorizePlayback, about, { timeoutMs: this.#timeoutMs, gone })
  }

  /** The query that a playlist hands on to its segments, of a request that was let in; undefined: they need none. */
  segmentQuery (request: FastifyRequest): string | undefined {
    const reservation = this.#reservations.of(streamKeyOf(request))
    if (reservation !== undefined) return handedOn(reservation, request.query as Query)
    if (this.#keys.length === 0) return undefined
    const { expires, signature } = request.query as { expires: string, signature: string }
    return `expires=${expires}&signature=${signature}`
  }

  /**
   * How long an answer may be kept, and by whom: a shared cache would not ask the host or the feature, and nobody keeps what is
   * signed for longer than the signature is good.
   */
  cacheControl (request: FastifyRequest, seconds: number): string {
    const isReserved = this.#reservations.of(streamKeyOf(request)) !== undefined
    const { expires } = request.query as { expires?: string }
    const life = isReserved || this.#keys.length === 0 ? Infinity : Math.max(0, Number(expires) - Math.ceil(Date.now() / 1000))
    return `${isReserved || this.#hook !== undefined ? 'private' : 'public'}, max-age=${Math.min(seconds, life)}`
  }
}
