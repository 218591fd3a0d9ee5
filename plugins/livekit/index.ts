/**
 * headwater-livekit: who runs the rooms of the features beside it: a LiveKit server, or this installation itself.
 *
 * Adds the decorator `livekit` (a `RoomProvider`); `POST ${prefix}/api/livekit/webhook` with LiveKit, WebSockets at
 * `${prefix}/ws/rooms` without. Needs the decorators `database` and `state`. Settings: `LivekitOptions`.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LivekitConfig } from '../../src/config/livekit.ts'
import { completeLivekitOptions, completePlatformOptions } from '../../src/config/load.ts'
import type { PlatformConfig } from '../../src/config/platform.ts'
import { healthOf } from '../../src/http/health.ts'
import { metricsOf } from '../../src/http/metrics.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import type { Log } from '../../src/log.ts'
import type { State } from '../../src/platform/state/state.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'
import type { Bucket } from './livekit/egress-output.ts'
import { LivekitMetrics } from './metrics.ts'
import { openLivekit } from './open.ts'
import { openSigningKey, type SigningKey } from './secret.ts'
import { webhook } from './webhook.ts'

/** Every setting may be given; what is left out has its default. And: */
export interface LivekitOptions extends Partial<LivekitConfig> {
  /** In production (default) no secret is generated. */
  environment?: 'development' | 'production' | 'test'
  /** Folder of a generated secret. Default: `data`. */
  dataDir?: string
  /** Settings of the bucket that LiveKit writes recordings to with `egressS3`. */
  platform?: Partial<PlatformConfig>
}

declare module 'fastify' {
  interface FastifyInstance {
    livekit: RoomProvider
  }
}

const plugin: FastifyPluginAsync<LivekitOptions> = async (app, options) => {
  if (hasRooms(app)) return
  const { environment = 'production', dataDir = 'data', platform = {}, ...settings } = ownOptions(options)
  const config = completeLivekitOptions(settings)
  const log = app.log.child({ plugin: 'livekit' })
  const signingKey = await openSigningKey(config, { isProduction: environment === 'production', dataDir })
  // Whichever is not used is not loaded.
  const rooms = config.url === ''
    ? await (await import('./local/open.ts')).useLocalRooms(app, { config, signingKey, log })
    : await useLivekit(app, { config, signingKey, bucket: completePlatformOptions(platform), log })
  app.decorate('livekit', rooms)
  log.info({ kind: rooms.kind, ...rooms.capabilities }, 'rooms opened')
}

interface Parts {
  config: LivekitConfig
  signingKey: SigningKey
  bucket: Bucket
  log: Log
}

/** Rooms at a LiveKit server, and its webhooks; closed with the scope. */
async function useLivekit (app: FastifyInstance, { config, signingKey, bucket, log }: Parts): Promise<RoomProvider> {
  const metrics = new LivekitMetrics()
  const rooms = await openLivekit({ config, signingKey, bucket, metrics, log })
  app.addHook('preClose', async () => { rooms.tryNoMore() })
  app.addHook('onClose', async () => { await rooms.close() })
  metricsOf(app)?.add(metrics.registry)
  healthOf(app)?.tell('livekit', () => rooms.connection)
  await app.register(webhook, {
    prefix: '/api/livekit',
    signingKey,
    maxAgeSeconds: config.webhookMaxAgeSeconds,
    maxBytes: config.webhookMaxBytes,
    limits: app.getDecorator<State>('state').limits,
    parseEvent: rooms.parseEvent,
    tell: rooms.tell,
    onOutcome: metrics.webhook,
    log
  })
  return rooms
}

/** A host may have something else by the name. */
function hasRooms (app: FastifyInstance): boolean {
  return app.hasDecorator('livekit') && ['livekit', 'local'].includes((app.livekit as Partial<RoomProvider> | null)?.kind ?? '')
}

export const livekit = fp(plugin, { name: 'headwater-livekit', fastify: '5.x', decorators: { fastify: ['database', 'state'] } })
export default livekit
