/**
 * headwater/livestream: the live core as an encapsulated Fastify plugin.
 *
 * Adds: routes below `${prefix}/livestream`, Socket.IO at `${prefix}/socket.io`. Settings:
 * `LivestreamConfig`. Decorators, tables: none.
 */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { LivestreamConfig } from '../config/livestream.ts'
import { completeLivestreamOptions } from '../config/load.ts'
import { HeadwaterError } from '../errors/catalogue.ts'
import { openCors } from '../http/cors.ts'
import { makeErrorHandler } from '../http/error-handler.ts'
import { acceptEmptyJson } from '../http/json-body.ts'
import { logLazily } from '../http/lazy-log.ts'
import { limitRequests } from '../http/rate-limit.ts'
import { useOwnValidation } from '../http/validation.ts'
import { locateFfmpeg } from '../media/ffmpeg/locate.ts'
import { StreamRegistry } from '../media/registry.ts'
import { isStreamKey } from '../media/stream-key.ts'
import { Thumbnails } from '../media/thumbnail/thumbnails.ts'
import { errorBody } from './envelope.ts'
import { Gateway } from './gateway/gateway.ts'
import { HeldRequests } from './held-requests.ts'
import { PublishAuth } from './publish-auth.ts'
import { control } from './routes/control.ts'
import { playback } from './routes/playback.ts'
import { debug, metrics, overview, status } from './routes/state.ts'
import { invalidStreamKey } from './routes/stream-key.ts'
import { thumbnail } from './routes/thumbnail.ts'

/** Every setting of the live core may be given; what is left out has its default. */
export type LivestreamOptions = Partial<LivestreamConfig>

const PATH = '/livestream'

const plugin: FastifyPluginAsync<LivestreamOptions & { prefix?: string }> = async (app, { prefix: _prefix, ...options }) => {
  const config = completeLivestreamOptions(options)
  const ffmpeg = await locateFfmpeg({ path: config.ffmpegPath })
  app.log.info({ ffmpeg }, 'FFmpeg found')
  const log = app.log.child({ plugin: 'livestream' })
  const registry = new StreamRegistry({ settings: config, ffmpegPath: ffmpeg.path, log, logFor: key => log.child({ streamKey: key }) })
  await registry.open()
  const thumbnails = new Thumbnails({ streams: registry, ffmpegPath: ffmpeg.path, settings: config, log })
  const held = new HeldRequests(registry, config.maxHeldRequests, config.heldRequestSeconds * 1000)
  const auth = new PublishAuth(config)
  const gateway = new Gateway({ server: app.server, path: `${app.prefix}/socket.io`, registry, auth, config, log })
  app.addHook('preClose', async () => {
    held.releaseAll()
    await thumbnails.close()
    await registry.close(config.closeGraceSeconds * 1000)
    await gateway.close()
  })

  await app.register(async scope => {
    openCors(scope)
    useOwnValidation(scope)
    acceptEmptyJson(scope)
    scope.setErrorHandler(makeErrorHandler((error, request) => errorBody(error, error.streamKey ?? keyIn(request.params))))
    const unmatched = async (request: FastifyRequest): Promise<never> => {
      const key = keyIn(request.params) ?? firstPart(request.url, scope.prefix)
      throw key === undefined || isStreamKey(key) ? new HeadwaterError('NOT_FOUND', { message: `There is nothing at ${request.method} ${request.url.split('?')[0]}` }) : invalidStreamKey()
    }
    scope.setNotFoundHandler(unmatched)
    // A key that is longer than the host's router takes matches nothing but this.
    scope.route({ method: ['GET', 'HEAD', 'POST'], url: '/*', handler: unmatched })
    const playbackUrl = (key: string) => `${scope.prefix}/${key}/stream.m3u8`
    const thumbnailUrl = (key: string) => `${scope.prefix}/${key}/thumbnail.jpg`
    const state = { registry, streamsDir: config.streamsDir, maxHeldBytes: config.maxHeldBytes, playbackUrl, thumbnailUrl }
    await scope.register(async stream => {
      logLazily(stream)
      limitRequests(stream, config.streamRequestsPerMinute)
      await stream.register(playback, { registry, held })
      await stream.register(thumbnail, { thumbnails })
    }, { logLevel: 'warn' })
    await scope.register(async one => {
      limitRequests(one, config.statusRequestsPerMinute)
      await one.register(status, state)
    })
    await scope.register(async general => {
      limitRequests(general, config.generalRequestsPerMinute)
      await general.register(overview, state)
      await general.register(metrics, { registry, thumbnails })
      await general.register(debug, { registry, auth })
      await general.register(control, { registry, auth, playbackUrl })
    })
  }, { prefix: PATH })
}

function keyIn (params: unknown): string | undefined {
  const key = (params as { streamId?: unknown } | null)?.streamId
  return typeof key === 'string' ? key : undefined
}

function firstPart (url: string, prefix: string): string | undefined {
  const part = url.split('?')[0]!.slice(prefix.length).split('/')[1]
  if (part === undefined || part === '') return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const livestream = fp(plugin, { name: 'headwater-livestream', encapsulate: true, fastify: '5.x' })
export default livestream
