/**
 * headwater-live-core: FFmpeg, the streams and their rules, without a route or a socket.
 *
 * Adds the decorator `liveCore`. `livestream` brings one of its own, unless the scope that it is registered in has
 * one already: then it uses that one, and so do other features beside it. Settings: `LivestreamConfig`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LivestreamConfig } from '../config/livestream.ts'
import { completeLivestreamOptions } from '../config/load.ts'
import { healthOf, type Health } from '../http/health.ts'
import { locateFfmpeg } from '../media/ffmpeg/locate.ts'
import { listFiles } from '../media/hls/files.ts'
import { logName } from '../media/log-name.ts'
import type { Log } from '../media/log.ts'
import { StreamRegistry } from '../media/registry.ts'
import { errorSerializer } from './error-serializer.ts'

/** Every setting of the live core may be given; what is left out has its default. */
export type LiveCoreOptions = Partial<LivestreamConfig>

/** What features of one scope share. */
export class LiveCore {
  readonly config: LivestreamConfig
  /** A checked FFmpeg. */
  readonly ffmpegPath: string
  readonly streams: StreamRegistry
  readonly log: Log

  constructor (parts: Pick<LiveCore, 'config' | 'ffmpegPath' | 'streams' | 'log'>) {
    this.config = parts.config
    this.ffmpegPath = parts.ffmpegPath
    this.streams = parts.streams
    this.log = parts.log
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    liveCore: LiveCore
  }
}

const plugin: FastifyPluginAsync<LiveCoreOptions> = async (app, options) => {
  const config = completeLivestreamOptions(options)
  const ffmpeg = await locateFfmpeg({ path: config.ffmpegPath })
  app.log.info({ ffmpeg }, 'FFmpeg found')
  const serialize = errorSerializer(config.streamsDir)
  const log = app.log.child({ plugin: 'livestream' }, { serializers: { err: serialize, error: serialize } })
  const streams = new StreamRegistry({ settings: config, ffmpegPath: ffmpeg.path, log, logFor: key => log.child({ stream: logName(key) }) })
  await streams.open()
  app.addHook('preClose', async () => { await streams.close(config.closeGraceSeconds * 1000) })
  const scopeHealth = healthOf(app)
  if (scopeHealth !== undefined) addChecks(scopeHealth, streams, config.streamsDir)
  app.decorate('liveCore', new LiveCore({ config, ffmpegPath: ffmpeg.path, streams, log }))
}

function addChecks (health: Health, streams: StreamRegistry, streamsDir: string): void {
  health.add('ownership', () => streams.lost === undefined ? undefined : 'Another server has taken over the folder of the streams')
  health.add('folder', async () => await listFiles(streamsDir) === undefined ? 'The folder of the streams is not there' : undefined)
  health.add('disk', () => streams.storage.state === 'critical' ? 'The disk is nearly full (DISK_CRITICAL_BYTES)' : undefined)
}

export const liveCore = fp(plugin, { name: 'headwater-live-core', fastify: '5.x' })
