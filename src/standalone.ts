import { randomUUID } from 'node:crypto'
import Fastify, { LogController, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { headwater } from './app.ts'
import type { Config } from './config/schema.ts'
import { answerClientError } from './http/client-error.ts'
import { LOG_REDACTION } from './http/log-redaction.ts'
import { answerAsOwner, answerUnmatched, pathOwners, type AnswerError } from './http/path-owners.ts'
import { trustedProxies } from './http/trust-proxy.ts'

/** Longer than any key, so that a bad one is told what is wrong with it. */
const MAX_PARAM_LENGTH = 512

/** The Fastify instance that carries Headwater when it runs alone: it owns what belongs to no API. */
export async function buildStandalone (config: Config, options: Pick<FastifyServerOptions, 'logger' | 'loggerInstance'> = {}): Promise<FastifyInstance> {
  const { logger } = options
  const app: FastifyInstance = Fastify({
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
    // Answers carry it, and lines of the log: it should say which one everywhere.
    genReqId: () => randomUUID(),
    // No hook runs for a URL that cannot be read.
    frameworkErrors: (error, request, reply) => { void answerError(error, request, reply) }
  })
  const answerError: AnswerError = answerAsOwner(app)
  await app.register(pathOwners)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerUnmatched(app))
  const { livestream, platform, accounts, ivs, livekit, livekitRooms, liveSessions, recordings, server: { trustProxy, apiDocs, environment } } = config
  try {
    await app.register(headwater, { livestream, platform, accounts: { ...accounts, environment }, ivs: { ...ivs, environment }, livekit: { ...livekit, environment }, livekitRooms, liveSessions, recordings, trustProxy, apiDocs })
  } catch (error) {
    // What was opened by then is given back: folders, connections, timers.
    await app.close()
    throw error
  }
  if (config.server.environment === 'production' && config.livestream.publishAuth === 'open') {
    app.log.warn('PUBLISH_AUTH is open: anyone who reaches this server can publish. Set PUBLISH_AUTH to key or jwt.')
  }
  return app
}
