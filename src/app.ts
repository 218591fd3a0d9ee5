/**
 * headwater: the whole server as one encapsulated Fastify plugin. What is registered, in which order,
 * is written here and nowhere else.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { accounts, accountsCore, type AccountsOptions } from '../plugins/accounts/index.ts'
import { ivs, type IvsOptions } from '../plugins/ivs/index.ts'
import { liveSessions, type LiveSessionsOptions } from '../plugins/live-sessions/index.ts'
import { livekit, type LivekitOptions } from '../plugins/livekit/index.ts'
import { livekitRooms, type LivekitRoomsOptions } from '../plugins/livekit-rooms/index.ts'
import { recordings, type RecordingsOptions } from '../plugins/recordings/index.ts'
import { webUi } from '../plugins/web-ui/index.ts'
import { API } from './api-description.ts'
import type { PlatformConfig } from './config/platform.ts'
import { health, healthRoutes } from './http/health.ts'
import { useOwnAnswers } from './http/json.ts'
import { metrics, metricsRoute } from './http/metrics.ts'
import { openApi } from './http/openapi.ts'
import { answerUnmatched, pathOwners } from './http/path-owners.ts'
import { processMetrics } from './http/process-metrics.ts'
import { useOwnValidation } from './http/validation.ts'
import { liveCore, livestream, type LivestreamOptions } from './livestream/index.ts'
import { database } from './platform/database/index.ts'
import { objects } from './platform/objects/index.ts'
import { state } from './platform/state/index.ts'
import { packageVersion } from './version.ts'

export interface HeadwaterOptions {
  /** Settings of the live core. */
  livestream?: LivestreamOptions
  /** Settings of accounts. Left out, or with `enabled: 'off'`: there are none, and no database is opened for them. */
  accounts?: Omit<AccountsOptions, 'dataDir' | 'publicBaseUrl'>
  /** Settings of stages. Left out, or with `enabled: 'off'`: there are none, and no database is opened for them. */
  ivs?: Omit<IvsOptions, 'dataDir'>
  /** Whoever runs the rooms of the features below; opened where one of them is on. */
  livekit?: Omit<LivekitOptions, 'dataDir' | 'platform'>
  /** Settings of the open rooms. Left out, or with `enabled: 'off'`: there are none. */
  livekitRooms?: Omit<LivekitRoomsOptions, 'publicBaseUrl'>
  /** Settings of live sessions. Left out, with `enabled: 'off'`, or without accounts: there are none. */
  liveSessions?: Omit<LiveSessionsOptions, 'publicBaseUrl'>
  /** Settings of recordings, for the features that record. */
  recordings?: Omit<RecordingsOptions, 'publicBaseUrl' | 'roomFilesDir'>
  /** Settings of the database, the shared state and the objects. They are opened where a feature needs them, unless the scope around this one has its own. */
  platform?: Partial<PlatformConfig>
  /** Whose `X-Forwarded-For` counts for Socket.IO: `off` (default), a number of proxies, or their addresses. For HTTP it is Fastify's own `trustProxy`. */
  trustProxy?: string
  /** Whether `/docs` describes the API. Default: `on`. */
  apiDocs?: 'on' | 'off'
}

const plugin: FastifyPluginAsync<HeadwaterOptions & { prefix?: string }> = async (app, options) => {
  useOwnValidation(app)
  useOwnAnswers(app)
  if (options.apiDocs !== 'off') await app.register(openApi, { ...API, version: packageVersion() })
  await app.register(pathOwners)
  // Only where the whole of a prefix is ours: two handlers for one prefix cannot be.
  if (options.prefix !== undefined && /[^/]/.test(options.prefix)) app.setNotFoundHandler(answerUnmatched(app))
  await app.register(health)
  await app.register(metrics)
  app.headwaterMetrics.add(processMetrics())
  await app.register(liveCore, options.livestream ?? {})
  await app.register(livestream, options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy })
  const platform = options.platform ?? {}
  const dataDir = platform.dataDir === undefined ? {} : { dataDir: platform.dataDir }
  const { publicBaseUrl } = app.liveCore.config
  const hasRooms = isOn(options.livekitRooms)
  const hasSessions = isOn(options.liveSessions) && isOn(options.accounts)
  if (isOn(options.accounts) || isOn(options.ivs) || hasRooms) {
    await app.register(database, platform)
    await app.register(state, platform)
  }
  if (isOn(options.accounts)) {
    await app.register(objects, platform)
    // For the features below, which ask who somebody is.
    await app.register(accountsCore, { ...options.accounts, ...dataDir, publicBaseUrl })
    await app.register(accounts)
  }
  if (isOn(options.ivs)) await app.register(ivs, { ...options.ivs, ...dataDir })
  if (hasRooms || hasSessions) await app.register(livekit, { ...options.livekit, ...dataDir, platform })
  if (hasRooms) await app.register(livekitRooms, { ...options.livekitRooms, publicBaseUrl })
  if (hasSessions) {
    await app.register(recordings, { ...options.recordings, publicBaseUrl, roomFilesDir: options.livekit?.egressS3 === 'on' ? '' : options.livekit?.egressDir ?? '' })
    await app.register(liveSessions, { ...options.liveSessions, publicBaseUrl })
  }
  await app.register(webUi)
  await app.register(healthRoutes)
  await app.register(metricsRoute)
}

/** Whether a feature is wanted. */
function isOn<Options extends { enabled?: 'on' | 'off' }> (options: Options | undefined): options is Options {
  return options !== undefined && options.enabled !== 'off'
}

export const headwater = fp(plugin, { name: 'headwater', encapsulate: true, fastify: '5.x' })
export default headwater
