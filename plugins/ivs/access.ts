import { join } from 'node:path'
import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { KnownSecrets } from '../../src/http/known-secrets.ts'
import type { Log } from '../../src/log.ts'
import { keptSecret, SECRETS_FOLDER } from '../../src/secret-file.ts'

const API_KEY_FILE = 'api-key'

type AccessConfig = Pick<IvsConfig, 'apiKeys' | 'skipAuth' | 'internalSecret' | 'webhookSecret'>

export interface AccessOptions {
  isProduction: boolean
  /** Folder of a generated key. */
  dataDir: string
  log: Log
}

/** Who may ask: whoever has a key of the API, and for some routes a secret as well. */
export class Access {
  /** False: no key is asked for. */
  readonly #asksForKeys: boolean
  readonly #apiKeys: KnownSecrets
  readonly #internalSecret: KnownSecrets
  readonly #webhookSecret: KnownSecrets

  constructor ({ apiKeys, skipAuth, internalSecret, webhookSecret }: AccessConfig) {
    this.#asksForKeys = skipAuth !== 'true'
    this.#apiKeys = new KnownSecrets(apiKeys)
    // One that is not set is known to nobody.
    this.#internalSecret = new KnownSecrets(internalSecret === '' ? [] : [internalSecret])
    this.#webhookSecret = new KnownSecrets(webhookSecret === '' ? [] : [webhookSecret])
  }

  /** Whether this is a key of the API; anything is where no key is asked for. */
  isKey (given: string | undefined): boolean {
    return !this.#asksForKeys || (given !== undefined && this.#apiKeys.has(given))
  }

  /** Whether a request has a key. */
  hasKey (request: FastifyRequest): boolean {
    return this.isKey(headerOf(request, 'x-api-key'))
  }

  /** Hook: refuses whoever has no key. */
  readonly requireKey: onRequestAsyncHookHandler = async request => {
    if (!this.hasKey(request)) throw new HeadwaterError('API_KEY_INVALID')
  }

  /** Hook: refuses whoever is no media server of ours. */
  readonly requireInternalSecret: onRequestAsyncHookHandler = async request => {
    const given = headerOf(request, 'x-internal-secret')
    if (given === undefined || !this.#internalSecret.has(given)) throw new HeadwaterError('FORBIDDEN', { message: 'This needs the header x-internal-secret (INTERNAL_SECRET)' })
  }

  /** Hook: refuses whoever is not our rule of EventBridge. */
  readonly requireWebhookSecret: onRequestAsyncHookHandler = async request => {
    const given = headerOf(request, 'x-webhook-secret')
    if (given === undefined || !this.#webhookSecret.has(given)) throw new HeadwaterError('FORBIDDEN', { message: 'This needs the header x-webhook-secret (IVS_WEBHOOK_SECRET)' })
  }
}

function headerOf ({ headers }: FastifyRequest, name: string): string | undefined {
  const given = headers[name]
  return typeof given === 'string' ? given : undefined
}

/**
 * With the keys that are set; outside production with one that is made once and kept.
 * @throws HeadwaterError `CONFIG_INVALID` in production where none is set
 */
export async function openAccess (config: AccessConfig, { isProduction, dataDir, log }: AccessOptions): Promise<Access> {
  if (isProduction && config.apiKeys.length === 0) throw new HeadwaterError('CONFIG_INVALID', { message: 'In production stages need a key of the API: apiKeys (API_SECRET_KEY)' })
  if (config.skipAuth === 'true') {
    if (!isProduction) {
      log.warn({}, 'SKIP_AUTH is true: no API key is asked for')
      return new Access(config)
    }
    log.warn({}, 'SKIP_AUTH is ignored in production: API keys are asked for')
  }
  const asking: AccessConfig = { ...config, skipAuth: 'false' }
  if (config.apiKeys.length > 0) return new Access(asking)
  const apiKey = await keptSecret(dataDir, API_KEY_FILE)
  log.info({ file: join(dataDir, SECRETS_FOLDER, API_KEY_FILE) }, 'API_SECRET_KEY is not set: the key of the API is in a file')
  return new Access({ ...asking, apiKeys: [apiKey] })
}
