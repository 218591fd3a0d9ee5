import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { headwater } from './app.ts'
import type { Config } from './config/schema.ts'
import { HeadwaterError } from './errors/catalogue.ts'
import { answerClientError } from './http/client-error.ts'
import { OPEN_CORS } from './http/cors.ts'
import { makeErrorHandler } from './http/error-handler.ts'
import { LOG_REDACTION } from './http/log-redaction.ts'
import { trustedProxies } from './http/trust-proxy.ts'

/** Longer than any key, so that a bad one is told what is wrong with it. */
const MAX_PARAM_LENGTH = 512

const answerError = makeErrorHandler(error => ({ error: error.message, code: error.code }))

/** The Fastify instance that carries Headwater when it runs alone: it owns what belongs to no API. */
export async function buildStandalone (config: Config, options: Pick<FastifyServerOptions, 'logger' | 'loggerInstance'> = {}): Promise<FastifyInstance> {
  const { logger } = options
  const app = Fastify({
    ...options,
    ...(typeof logger === 'object' ? { logger: { ...logger, ...LOG_REDACTION } } : {}),
    trustProxy: trustedProxies(config.server.trustProxy) ?? false,
    pluginTimeout: config.server.startTimeoutMs,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // While streams publish what is under way, viewers fetch it, and readiness says why it is over.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: answerClientError,
    // No hook runs for a URL that cannot be read.
    frameworkErrors: (error, request, reply) => { void answerError(error, request, reply.headers(OPEN_CORS)) }
  })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(async request => {
    throw new HeadwaterError('NOT_FOUND', { message: `There is nothing at ${request.method} ${request.url.split('?')[0]}` })
  })
  await app.register(headwater, { livestream: config.livestream, trustProxy: config.server.trustProxy, apiDocs: config.server.apiDocs })
  if (config.server.environment === 'production' && config.livestream.publishAuth === 'open') {
    app.log.warn('PUBLISH_AUTH is open: anyone who reaches this server can publish. Set PUBLISH_AUTH to key or jwt.')
  }
  return app
}
