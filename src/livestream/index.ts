/**
 * headwater/livestream: the live core as an encapsulated Fastify plugin.
 *
 * Adds: routes below `${prefix}/livestream`, Socket.IO at `${prefix}/socket.io`; the decorator `liveCore`
 * and `headwaterMetrics` where the scope has none. Settings: `LivestreamConfig`, `HostHooks`. Tables: none.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { HeadwaterError } from '../errors/catalogue.ts'
import { openCors } from '../http/cors.ts'
import { makeErrorHandler, nothingAt } from '../http/error-handler.ts'
import { isHttp2Alone, sessionsOf } from '../http/http2.ts'
import { useOwnAnswers, useOwnBodies } from '../http/json.ts'
import { logLazily } from '../http/lazy-log.ts'
import { metrics, metricsRoute } from '../http/metrics.ts'
import { OpenAnswers } from '../http/open-answers.ts'
import { ownOptions } from '../http/own-options.ts'
import { limitRequests } from '../http/rate-limit.ts'
import { openSocketWay } from '../http/socket-gate.ts'
import { trustedProxies } from '../http/trust-proxy.ts'
import { useOwnValidation } from '../http/validation.ts'
import { isStreamKey } from '../media/stream-key.ts'
import { Thumbnails } from '../media/thumbnail/thumbnails.ts'
import { LiveCore, liveCore, LIVESTREAM_PATH, type LiveCoreOptions } from './core.ts'
import { errorBody } from './envelope.ts'
import { errorSerializer } from './error-serializer.ts'
import { Gateway } from './gateway/gateway.ts'
import { HeldRequests } from './held-requests.ts'
import { liveMetrics } from './metrics.ts'
import { PlaybackAccess } from './playback-access.ts'
import { PublishAuth } from './publish-auth.ts'
import { control } from './routes/control.ts'
import { playback } from './routes/playback.ts'
import { errors, TAG } from './routes/schemas.ts'
import { debug, overview, status } from './routes/state.ts'
import { invalidStreamKey } from './routes/stream-key.ts'
import { thumbnail } from './routes/thumbnail.ts'

export { liveCore, type LiveCore, type LiveCoreOptions } from './core.ts'
export type { HostHooks, LiveEventMap, PlaybackRequest, PlaybackResource, PublishAction, PublishRequest, SegmentListedEvent, StreamEndedEvent, StreamStartedEvent } from './host-hooks.ts'
export { signPlayback, type SigningOptions } from './playback-signature.ts'
export type { PlaybackUrlOptions } from './playback-urls.ts'
export type { Reservation, ReservedPlaybackRequest, ReservedResource } from './reservations.ts'

/** The live core's, none of which may be given where the scope has a `liveCore` already; and of this plugin: */
export interface LivestreamOptions extends LiveCoreOptions {
  /** Whose `X-Forwarded-For` counts for Socket.IO: `off` (default), a number of proxies, or their addresses. For HTTP it is Fastify's own `trustProxy`. */
  trustProxy?: string
}

const plugin: FastifyPluginAsync<LivestreamOptions> = async (app, { trustProxy = 'off', ...options }) => {
  const trusted = trustedProxies(trustProxy)
  const path = socketPath(app.prefix)
  await useLiveCore(app, ownOptions(options))
  await app.register(metrics)
  const { config, hooks, ffmpegPath, streams: registry, urls, reservations, log } = app.liveCore
  const thumbnails = new Thumbnails({ streams: registry, ffmpegPath, settings: config, log })
  const held = new HeldRequests(registry, config.maxHeldRequests, config.heldRequestSeconds * 1000)
  const auth = new PublishAuth(config, hooks, reservations)
  const access = new PlaybackAccess(config, hooks, reservations)
  const way = openSocketWay(app, path)
  const http2Alone = isHttp2Alone(app)
  if (http2Alone) log.warn({ path }, 'The host speaks HTTP/2 alone, where WebSockets cannot come: broadcasters and viewers use long polling, which costs a request a chunk. Set allowHTTP1: true beside its key and certificate')
  const gateway = new Gateway({ server: way.server, path, transports: http2Alone ? ['polling'] : ['polling', 'websocket'], registry, auth, access, urls, config, trusted, log })
  const answers = new OpenAnswers(app)
  const sessions = sessionsOf(app)
  app.headwaterMetrics.add(liveMetrics({ registry, thumbnails, connections: () => gateway.io.engine.clientsCount }))
  // The core has ended or left its streams by then, and the gateway told it.
  app.addHook('preClose', async () => {
    held.releaseAll()
    await thumbnails.close()
    await Promise.all([gateway.close(), answers.end(config.closeAnswersMs)])
    way.close()
    sessions.close()
  })

  await app.register(async scope => {
    openCors(scope)
    useOwnValidation(scope)
    useOwnBodies(scope)
    useOwnAnswers(scope)
    urls.path = `${config.publicBaseUrl}${scope.prefix}`
    scope.setErrorHandler(makeErrorHandler((error, request) => errorBody(error, error.streamKey ?? keyIn(request.params))))
    const unmatched = async (request: FastifyRequest): Promise<never> => {
      const key = keyIn(request.params) ?? firstPart(request.url, scope.prefix)
      throw key === undefined || isStreamKey(key) ? nothingAt(request) : invalidStreamKey()
    }
    scope.setNotFoundHandler(unmatched)
    // A key that is longer than the host's router takes matches nothing but this.
    scope.route({ method: ['GET', 'HEAD', 'POST'], url: '/*', schema: { hide: true }, handler: unmatched })
    const state = { registry, streamsDir: config.streamsDir, maxHeldBytes: config.maxHeldBytes, urls, access, reservations }
    await scope.register(async stream => {
      logLazily(stream)
      limitRequests(stream, config.streamRequestsPerMinute)
      await stream.register(playback, { registry, held, access })
      await stream.register(thumbnail, { thumbnails, access })
    }, { logLevel: 'warn' })
    await scope.register(async one => {
      limitRequests(one, config.statusRequestsPerMinute)
      await one.register(status, state)
    })
    await scope.register(async general => {
      limitRequests(general, config.generalRequestsPerMinute)
      await general.register(overview, state)
      await general.register(metricsRoute, { tag: TAG, operationId: 'getLivestreamMetrics', responses: errors() })
      await general.register(debug, { registry, auth })
      await general.register(control, { registry, auth, urls })
    })
    // pino takes objects from a serializer; Fastify's types do not say so.
  }, { prefix: LIVESTREAM_PATH, logSerializers: { err: errorSerializer(config.streamsDir) as (error: unknown) => string } })
}

/** The scope's live core, or one of our own. @throws HeadwaterError `CONFIG_INVALID` for settings that nobody would read */
async function useLiveCore (app: FastifyInstance, options: LiveCoreOptions): Promise<void> {
  // A host may have something else by that name.
  if (!(app.hasDecorator('liveCore') && app.liveCore instanceof LiveCore)) {
    await app.register(liveCore, options)
    return
  }
  const [unread] = Object.keys(options)
  if (unread !== undefined) throw new HeadwaterError('CONFIG_INVALID', { message: `This scope has a live core already: give ${unread} to that one` })
}

/** Where Socket.IO answers, which does not know what Fastify makes of two slashes. */
function socketPath (prefix: string): string {
  return `${prefix.replace(/\/$/, '')}/socket.io`
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
