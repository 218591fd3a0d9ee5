/**
 * headwater: the whole server as one encapsulated Fastify plugin. What is registered, in which order,
 * is written here and nowhere else.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { webUi } from '../plugins/web-ui/index.ts'
import { API } from './api-description.ts'
import { health, healthRoutes } from './http/health.ts'
import { useOwnAnswers } from './http/json.ts'
import { metrics, metricsRoute } from './http/metrics.ts'
import { openApi } from './http/openapi.ts'
import { processMetrics } from './http/process-metrics.ts'
import { useOwnValidation } from './http/validation.ts'
import { liveCore, livestream, type LivestreamOptions } from './livestream/index.ts'
import { packageVersion } from './version.ts'

export interface HeadwaterOptions {
  /** Settings of the live core. */
  livestream?: LivestreamOptions
  /** Whose `X-Forwarded-For` counts for Socket.IO: `off` (default), a number of proxies, or their addresses. For HTTP it is Fastify's own `trustProxy`. */
  trustProxy?: string
  /** Whether `/docs` describes the API. Default: `on`. */
  apiDocs?: 'on' | 'off'
}

const plugin: FastifyPluginAsync<HeadwaterOptions> = async (app, options) => {
  useOwnValidation(app)
  useOwnAnswers(app)
  if (options.apiDocs !== 'off') await app.register(openApi, { ...API, version: packageVersion() })
  await app.register(health)
  await app.register(metrics)
  app.headwaterMetrics.add(processMetrics())
  await app.register(liveCore, options.livestream ?? {})
  await app.register(livestream, options.trustProxy === undefined ? {} : { trustProxy: options.trustProxy })
  await app.register(webUi)
  await app.register(healthRoutes)
  await app.register(metricsRoute)
}

export const headwater = fp(plugin, { name: 'headwater', encapsulate: true, fastify: '5.x' })
export default headwater
