/**
 * headwater-live-core: FFmpeg, the streams and their rules, without a route or a socket.
 *
 * Adds the decorator `liveCore`. `livestream` brings one of its own, unless the scope that it is registered in has
 * one already: then it uses that one, and so do other features beside it. Settings: `LivestreamConfig`, `HostHooks`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LivestreamConfig } from '../config/livestream.ts'
import { completeLivestreamOptions } from '../config/load.ts'
import { healthOf, type Health } from '../http/health.ts'
import { ownOptions } from '../http/own-options.ts'
import type { Log } from '../log.ts'
import { locateFfmpeg } from '../media/ffmpeg/locate.ts'
import { listFiles } from '../media/hls/files.ts'
import { logName } from '../media/log-name.ts'
import { StreamRegistry } from '../media/registry.ts'
import { errorSerializer } from './error-serializer.ts'
import { EventHooks } from './event-hooks.ts'
import { separateHooks, type HostHooks } from './host-hooks.ts'
import { LiveEvents } from './live-events.ts'
import { PlaybackUrls, type PlaybackUrlOptions } from './playback-urls.ts'
import { Reservations, type Reservation } from './reservations.ts'

/** Below the prefix, where the feature `livestream` is registered in the same scope. */
export const LIVESTREAM_PATH = '/livestream'

/** Every setting of the live core may be given; what is left out has its default. Beside them, hooks of the host. */
export type LiveCoreOptions = Partial<LivestreamConfig> & HostHooks

type LiveCoreParts = Pick<LiveCore, 'config' | 'hooks' | 'ffmpegPath' | 'streams' | 'events' | 'urls' | 'reservations' | 'log'>

/** What features of one scope share. */
export class LiveCore {
  readonly config: LivestreamConfig
  readonly hooks: HostHooks
  /** A checked FFmpeg. */
  readonly ffmpegPath: string
  readonly streams: StreamRegistry
  /** What happens to streams, for hosts: `stream-started`, `stream-ended`, `segment-listed` (docs/hooks.md). */
  readonly events: LiveEvents
  readonly urls: PlaybackUrls
  readonly reservations: Reservations
  readonly log: Log

  constructor ({ config, hooks, ffmpegPath, streams, events, urls, reservations, log }: LiveCoreParts) {
    this.config = config
    this.hooks = hooks
    this.ffmpegPath = ffmpegPath
    this.streams = streams
    this.events = events
    this.urls = urls
    this.reservations = reservations
    this.log = log
  }

  /**
   * Makes the streams whose keys begin with a prefix a feature's own. Others do not find them, and it alone decides who
   * publishes and who watches. To be called before the server is ready.
   * @throws HeadwaterError `CONFIG_INVALID` for a prefix that is none, or that shares keys with another
   */
  reserve (reservation: Reservation): void {
    this.reservations.add(reservation)
  }

  /**
   * Path of a playlist on this server, signed where `playbackKeys` are set, unless a feature owns the stream.
   * @throws RangeError when `expiresAt` is no date
   */
  playbackUrl (streamKey: string, options: PlaybackUrlOptions = {}): string {
    return this.urls.signed(streamKey, options)
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    liveCore: LiveCore
  }
}

const plugin: FastifyPluginAsync<LiveCoreOptions> = async (app, options) => {
  const { hooks, settings } = separateHooks(ownOptions(options))
  const config = completeLivestreamOptions(settings)
  const ffmpeg = await locateFfmpeg({ path: config.ffmpegPath })
  app.log.info({ ffmpeg }, 'FFmpeg found')
  const serialize = errorSerializer(config.streamsDir)
  const log = app.log.child({ plugin: 'livestream' }, { serializers: { err: serialize, error: serialize } })
  if (config.playbackKeys.length > 0 && config.publishAuth === 'open' && hooks.authorizePublish === undefined) {
    log.warn('PLAYBACK_KEYS are set and PUBLISH_AUTH is open: anyone who starts a stream on a free key gets a signed URL for it')
  }
  const streams = new StreamRegistry({ settings: config, ffmpegPath: ffmpeg.path, log, logFor: key => log.child({ stream: logName(key) }) })
  const reservations = new Reservations()
  const urls = new PlaybackUrls({ path: `${config.publicBaseUrl}${app.prefix}${LIVESTREAM_PATH}`, keys: config.playbackKeys, seconds: config.playbackUrlSeconds, isReserved: key => reservations.of(key) !== undefined })
  const events = new LiveEvents({ registry: streams, segmentUrl: (key, name) => urls.plain(key, name), log })
  const eventHooks = new EventHooks({ events, hooks, timeoutMs: config.hostHookTimeoutMs, maxQueued: config.hostHookQueue, log })
  await streams.open()
  app.addHook('onReady', async () => { events.tellRecovered() })
  app.addHook('preClose', async () => {
    await streams.close(config.closeGraceSeconds * 1000)
    await eventHooks.close()
  })
  const scopeHealth = healthOf(app)
  if (scopeHealth !== undefined) addChecks(scopeHealth, streams, config.streamsDir)
  app.decorate('liveCore', new LiveCore({ config, hooks, ffmpegPath: ffmpeg.path, streams, events, urls, reservations, log }))
}

function addChecks (health: Health, streams: StreamRegistry, streamsDir: string): void {
  health.add('ownership', () => streams.lost === undefined ? undefined : 'Another server has taken over the folder of the streams')
  health.add('folder', async () => await listFiles(streamsDir) === undefined ? 'The folder of the streams is not there' : undefined)
  health.add('disk', () => streams.storage.state === 'critical' ? 'The disk is nearly full (DISK_CRITICAL_BYTES)' : undefined)
}

export const liveCore = fp(plugin, { name: 'headwater-live-core', fastify: '5.x' })
