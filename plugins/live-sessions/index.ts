/**
 * headwater/live-sessions: live sessions with roles, invitations, moderation and recordings, as an encapsulated Fastify
 * plugin (docs/api/live-sessions.md).
 *
 * Adds: routes below `${prefix}/api/v1/live`. Needs the decorators `database`, `state`, `accounts`, `livekit`,
 * `recordings` and `liveCore`; of the last it reserves the streams whose keys begin with `live-`, where rooms have no
 * media. Tables: `live_sessions`, `live_participants`, `live_bans`. Settings: `LiveSessionsOptions`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LiveSessionsConfig } from '../../src/config/live-sessions.ts'
import { completeLiveSessionsOptions } from '../../src/config/load.ts'
import { listedCors } from '../../src/http/cors.ts'
import { LOG_WITHOUT_ADDRESSES } from '../../src/http/log-redaction.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import { pathOwnersOf } from '../../src/http/path-owners.ts'
import { publicAddress, webSocketAddress } from '../../src/http/public-address.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { State } from '../../src/platform/state/state.ts'
import { SessionAccess } from './access.ts'
import type { Addresses, RouteOptions } from './core.ts'
import { answerError, useEnvelope } from './envelope.ts'
import { openLiveSessions } from './open.ts'
import { TICKET_QUERY } from './playback-tickets.ts'
import { participantRoutes } from './routes/participants.ts'
import { recordingRoutes } from './routes/recordings.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { STREAM_PREFIX } from './stream-access.ts'

export interface LiveSessionsOptions extends Partial<LiveSessionsConfig> {
  /** What stands before the prefix of this server in addresses that people get. */
  publicBaseUrl?: string
}

const plugin: FastifyPluginAsync<LiveSessionsOptions> = async (app, options) => {
  const { publicBaseUrl = '', ...settings } = ownOptions(options)
  const config = completeLiveSessionsOptions(settings)
  const log = app.log.child({ plugin: 'live-sessions' })
  const { accounts, liveCore, livekit: provider, recordings } = app
  const state = app.getDecorator<State>('state')
  const sessions = await openLiveSessions({
    config,
    database: app.getDecorator<Database>('database'),
    state,
    provider,
    recordings,
    secrets: {
      invitations: config.inviteSecret === '' ? accounts.tokens.secretFor('live-invite') : config.inviteSecret,
      playback: accounts.tokens.secretFor('live-playback')
    },
    running: {
      keys: () => liveCore.streams.active().map(({ key }) => key),
      end: async streamKey => {
        const stream = liveCore.streams.get(streamKey)
        if (stream !== undefined && !stream.hasEnded) await stream.end('stopped')
      }
    },
    log
  })
  app.addHook('onClose', async () => { await sessions.close() })
  app.addHook('onReady', async () => { sessions.start() })
  if (!sessions.rooms.hasMedia) {
    liveCore.reserve({
      prefix: STREAM_PREFIX,
      authorizePublish: async ({ streamKey, credential }) => await sessions.streams.mayPublish(streamKey, credential),
      authorizePlayback: async ({ streamKey, query }) => await sessions.streams.mayWatch(streamKey, query[TICKET_QUERY]),
      playbackQuery: [TICKET_QUERY]
    })
  }

  const prefix = app.prefix.replace(/\/$/, '')
  const addresses: Addresses = {
    session: (request, sessionId) => `${publicAddress(request, publicBaseUrl)}${prefix}/live/${sessionId}`,
    rooms: request => provider.url ?? webSocketAddress(request, publicBaseUrl),
    playback: streamKey => liveCore.playbackUrl(streamKey, { playlist: 'live.m3u8' })
  }
  const routes: RouteOptions = { sessions, access: new SessionAccess({ accounts, sessions, limits: state.limits }), accounts, addresses, log }
  pathOwnersOf(app)?.add('live-sessions', answerError)
  await app.register(async scope => {
    listedCors(scope, accounts.config.allowedOrigins)
    useEnvelope(scope, config)
    await scope.register(sessionRoutes, { ...routes, prefix: '/sessions' })
    await scope.register(participantRoutes, { ...routes, prefix: '/sessions' })
    await scope.register(recordingRoutes, routes)
  }, { prefix: '/api/v1/live', logSerializers: LOG_WITHOUT_ADDRESSES })
}

export const liveSessions = fp(plugin, { name: 'headwater-live-sessions', encapsulate: true, fastify: '5.x', decorators: { fastify: ['database', 'state', 'accounts', 'livekit', 'recordings', 'liveCore'] } })
export default liveSessions
