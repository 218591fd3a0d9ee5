import { jwtVerify } from 'jose'
import type { LivestreamConfig } from '../config/livestream.ts'
import { HeadwaterError } from '../errors/catalogue.ts'
import { KnownSecrets } from '../http/known-secrets.ts'
import { askHost } from './ask-host.ts'
import type { HostHooks, PublishRequest } from './host-hooks.ts'
import type { Reservations } from './reservations.ts'

/** Who a credential lets publish. */
export interface Publisher {
  /** Only on this key; undefined: on any. */
  streamKey?: string
  /** Only as this user; undefined: as any. */
  userId?: string
}

type AuthConfig = Pick<LivestreamConfig, 'publishAuth' | 'publishKeys' | 'publishJwtSecret' | 'hostHookTimeoutMs'>

const ANYONE: Publisher = {}

/** Who may publish: checks credentials (`PUBLISH_AUTH`), then asks the host where it has a say. Of a feature's own streams the feature alone is asked. */
export class PublishAuth {
  readonly #config: AuthConfig
  readonly #hook: HostHooks['authorizePublish']
  readonly #reservations: Reservations
  readonly #keys: KnownSecrets
  readonly #secret: Uint8Array

  constructor (config: AuthConfig, { authorizePublish }: HostHooks, reservations: Reservations) {
    this.#config = config
    this.#hook = authorizePublish
    this.#reservations = reservations
    this.#keys = new KnownSecrets(config.publishKeys)
    this.#secret = new TextEncoder().encode(config.publishJwtSecret)
  }

  /** Whether `PUBLISH_AUTH` asks for a credential. */
  requires (streamKey: string): boolean {
    return this.#isOn && !this.isReserved(streamKey)
  }

  /** Whether a feature owns the stream. */
  isReserved (streamKey: string): boolean {
    return this.#reservations.of(streamKey) !== undefined
  }

  /**
   * @param credential a key or a token; undefined when none was given
   * @returns undefined when none was given although one is needed
   * @throws HeadwaterError `UNAUTHORIZED` when it is not valid
   */
  async check (credential: string | undefined): Promise<Publisher | undefined> {
    if (!this.#isOn) return ANYONE
    if (credential === undefined) return undefined
    return this.#config.publishAuth === 'key' ? this.#checkKey(credential) : await this.#checkToken(credential)
  }

  /** Whether the host, or a feature, is asked. */
  asksHost (streamKey: string): boolean {
    return this.#hookOf(streamKey) !== undefined
  }

  /**
   * Resolves when the host, or the feature whose the stream is, has no objection.
   * @param gone fires when the client has gone
   * @throws HeadwaterError `UNAUTHORIZED`, `AUTHORIZATION_FAILED`, or the host's own
   */
  async askHost (request: Omit<PublishRequest, 'signal'>, gone: AbortSignal): Promise<void> {
    const hook = this.#hookOf(request.streamKey)
    if (hook !== undefined) await askHost('authorizePublish', hook, request, { timeoutMs: this.#config.hostHookTimeoutMs, gone })
  }

  get #isOn (): boolean {
    return this.#config.publishAuth !== 'open'
  }

  #hookOf (streamKey: string): HostHooks['authorizePublish'] {
    return this.#reservations.of(streamKey)?.authorizePublish ?? this.#hook
  }

  #checkKey (credential: string): Publisher {
    if (!this.#keys.has(credential)) throw refused('The publish key is not valid')
    return ANYONE
  }

  async #checkToken (credential: string): Promise<Publisher> {
    const { payload } = await jwtVerify(credential, this.#secret, { algorithms: ['HS256'], requiredClaims: ['exp'] })
      .catch((cause: unknown) => { throw refused('The publish token is not valid', cause) })
    const { streamKey, userId } = payload
    return {
      ...(typeof streamKey === 'string' ? { streamKey } : {}),
      ...(typeof userId === 'string' ? { userId } : {})
    }
  }
}

/** Whether a publisher may send on a key as a user. */
export function mayPublish (publisher: Publisher | undefined, streamKey: string, userId?: string): boolean {
  return publisher !== undefined &&
    (publisher.streamKey === undefined || publisher.streamKey === streamKey) &&
    (publisher.userId === undefined || userId === undefined || publisher.userId === userId)
}

/** The credential of `Authorization: Bearer …`. */
export function bearer (header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1]
}

function refused (message: string, cause?: unknown): HeadwaterError {
  return new HeadwaterError('UNAUTHORIZED', { message, cause })
}
