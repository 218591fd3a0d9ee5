/**
 * headwater-live-core: FFmpeg, the streams and their rules, without a route or a socket.
 *
 * Adds the decorator `liveCore`. `livestream` brings one of its own, unless the scope that it is registered in has
 * one already: then it uses that one, and so do other features beside it. Settings: `LivestreamConfig`.
 */
import type { FastifyPluginAsync, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { LivestreamConfig } from '../config/livestream.ts'
import { completeLivestreamOptions } from '../config/load.ts'
import { locateFfmpeg } from '../media/ffmpeg/locate.ts'
import type { Log } from '../media/log.ts'
import { StreamRegistry } from '../media/registry.ts'

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

/** Without what Fastify takes for itself at `register`, and hands on. */
export function settingsOf ({ prefix: _prefix, logLevel: _logLevel, logSerializers: _logSerializers, ...settings }: LiveCoreOptions & RegisterOptions): LiveCoreOptions {
  return settings
}

const plugin: FastifyPluginAsync<LiveCoreOptions> = async (app, options) => {
  const config = completeLivestreamOptions(settingsOf(options))
  const ffmpeg = await locateFfmpeg({ path: config.ffmpegPath })
  app.log.info({ ffmpeg }, 'FFmpeg found')
  const log = app.log.child({ plugin: 'livestream' })
  const streams = new StreamRegistry({ settings: config, ffmpegPath: ffmpeg.path, log, logFor: key => log.child({ streamKey: key }) })
  await streams.open()
  app.addHook('preClose', async () => { await streams.close(config.closeGraceSeconds * 1000) })
  app.decorate('liveCore', new LiveCore({ config, ffmpegPath: ffmpeg.path, streams, log }))
}

export const liveCore = fp(plugin, { name: 'headwater-live-core', fastify: '5.x' })
