import { jwtVerify } from 'jose'
import type { LivestreamConfig } from '../config/livestream.ts'
import { HeadwaterError } from '../errors/catalogue.ts'
import { KnownSecrets } from '../http/known-secrets.ts'
import { askHost } from './ask-host.ts'
import type { HostHooks, PublishRequest } from './host-hooks.ts'

/** Who a credential lets publish. */
export interface Publisher {
  /** Only on this key; undefined: on any. */
  streamKey?: string
  /** Only as this user; undefined: as any. */
  userId?: string
}

type AuthConfig = Pick<LivestreamConfig, 'publishAuth' | 'publishKeys' | 'publishJwtSecret' | 'hostHookTimeoutMs'>

const ANYONE: Publisher = {}

/** Who may publish: checks credentials (`PUBLISH_AUTH`), then asks the host where it has a say. */
export class PublishAuth {
  readonly #config: AuthConfig
  readonly #hook: HostHooks['authorizePublish']
  readonly #keys: KnownSecrets
  readonly #secret: Uint8Array

  constructor (config: AuthConfig, { authorizePublish }: HostHooks = {}) {
    this.#config = config
    this.#hook = authorizePublish
    this.#keys = new KnownSecrets(config.publishKeys)
    this.#secret = new TextEncoder().encode(config.publishJwtSecret)
  }

  /** Whether a credential is needed at all. */
  get required (): boolean {
    return this.#config.publishAuth !== 'open'
  }

  /**
   * @param credential a key or a token; undefined when none was given
   * @returns undefined when none was given although one is needed
   * @throws HeadwaterError `UNAUTHORIZED` when it is not valid
   */
  async check (credential: string | undefined): Promise<Publisher | undefined> {
    if (!this.required) return ANYONE
    if (credential === undefined) return undefined
    return this.#config.publishAuth === 'key' ? this.#checkKey(credential) : await this.#checkToken(credential)
  }

  /** Whether the host is asked. */
  get asksHost (): boolean {
    return this.#hook !== undefined
  }

  /**
   * Resolves when the host has no objection.
   * @param gone fires when the client has gone
   * @throws HeadwaterError `UNAUTHORIZED`, `AUTHORIZATION_FAILED`, or the host's own
   */
  async askHost (request: Omit<PublishRequest, 'signal'>, gone: AbortSignal): Promise<void> {
    if (this.#hook !== undefined) await askHost('authorizePublish', this.#hook, request, { timeoutMs: this.#config.hostHookTimeoutMs, gone })
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
