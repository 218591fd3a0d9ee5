import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { nothingAt } from '../../src/http/error-handler.ts'
import { logLazily } from '../../src/http/lazy-log.ts'
import { pathOwnersOf } from '../../src/http/path-owners.ts'
import type { Log } from '../../src/log.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { State } from '../../src/platform/state/state.ts'
import type { Access } from './access.ts'
import type { Ivs } from './core.ts'
import { makeErrorAnswer, makeErrorOf, useEnvelope } from './envelope.ts'
import { RequestLimits } from './request-limits.ts'
import { events } from './routes/events.ts'
import { health } from './routes/health.ts'
import { heartbeats } from './routes/heartbeats.ts'
import { liveStatistics } from './routes/live-statistics.ts'
import { stages } from './routes/stages.ts'
import { statistics } from './routes/statistics.ts'
import { tokens } from './routes/tokens.ts'
import { audience, signsOfLife } from './routes/viewers.ts'

export interface IvsApiOptions {
  ivs: Ivs
  access: Access
  database: Pick<Database, 'trouble'>
  state: Pick<State, 'kind' | 'connection' | 'limits'>
  isProduction: boolean
  log: Log
}

/** Routes behind hooks, in this order. */
interface Group {
  hooks: readonly onRequestAsyncHookHandler[]
  register: (scope: FastifyInstance) => Promise<void>
}

/**
 * The HTTP API of stages. Other features have paths below `/api` too: each scope here is of a path that has none of
 * theirs, and guards and limits hang on scopes. Needs the decorator `headwaterHealth`.
 */
export const ivsApi: FastifyPluginAsync<IvsApiOptions> = async (app, { ivs, access, database, state, isProduction, log }) => {
  const { maxParticipants, maxStages, maxBodyBytes } = ivs.config
  const limits = new RequestLimits(state.limits, access, ivs.config)
  const errorOf = makeErrorOf({ isProduction, maxParticipants, maxStages })
  const answerError = makeErrorAnswer(errorOf)
  pathOwnersOf(app)?.add('ivs', answerError)

  // A host may have one of its own.
  if (!app.hasRoute({ method: 'GET', url: `${app.prefix.replace(/\/$/, '')}/health` })) {
    await app.register(async scope => {
      useEnvelope(scope, { answerError, maxBodyBytes })
      await scope.register(health, { ivs, database, state, server: app.headwaterHealth, isProduction })
    })
  }

  await app.register(async scope => {
    useEnvelope(scope, { answerError, maxBodyBytes })
    await scope.register(liveStatistics, { ivs, log, errorOf, isKey: key => access.isKey(key) })
  })

  /** A scope of its own, in this envelope up to what no route of it matches. */
  const below = async (prefix: string, ...groups: Group[]) => {
    await app.register(async scope => {
      logLazily(scope)
      useEnvelope(scope, { answerError, maxBodyBytes })
      scope.setNotFoundHandler(async (request: FastifyRequest, reply: FastifyReply) => await answerError(nothingAt(request), request, reply))
      for (const { hooks, register } of groups) {
        await scope.register(async one => {
          for (const hook of hooks) one.addHook('onRequest', hook)
          await register(one)
        })
      }
    }, { prefix })
  }
  const underKey = [limits.countNetwork, access.requireKey]

  // With a slash: /api/token alone is another feature's.
  await below('/api/token/', { hooks: underKey, register: async scope => { await scope.register(tokens, { ivs, access }) } })
  await below('/api/stage', { hooks: underKey, register: async scope => { await scope.register(stages, { ivs }) } })
  await below('/api/viewer', { hooks: underKey, register: async scope => { await scope.register(audience, { ivs }) } }, {
    hooks: [limits.requireKey],
    register: async scope => {
      scope.addHook('preValidation', limits.countViewer)
      await scope.register(signsOfLife, { ivs })
    }
  }, {
    hooks: [limits.requireKey, limits.countBatch],
    register: async scope => { await scope.register(heartbeats, { ivs, limits, errorOf }) }
  })
  await below('/api/stats', { hooks: underKey, register: async scope => { await scope.register(statistics, { ivs }) } })
  await below('/api/ivs', { hooks: [limits.countNetwork, access.requireWebhookSecret], register: async scope => { await scope.register(events, { ivs }) } })
}
