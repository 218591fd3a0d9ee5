import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Health } from '../../../src/http/health.ts'
import type { Database } from '../../../src/platform/database/database.ts'
import type { State } from '../../../src/platform/state/state.ts'
import type { Ivs } from '../core.ts'
import { success } from '../envelope.ts'
import { errorOf, succeeded, TAG } from './schemas.ts'

/** Of the contract: docs/api/ivs.md. */
const API_VERSION = '1.1.0'
const MEGABYTE = 1_048_576

export interface HealthOptions {
  ivs: Ivs
  database: Pick<Database, 'trouble'>
  state: Pick<State, 'kind' | 'connection'>
  server: Pick<Health, 'isClosing'>
  isProduction: boolean
}

const megabytes = (description: string) => Type.Integer({ description })

const healthSchema = {
  tags: [TAG],
  operationId: 'getStagesHealth',
  summary: 'Whether stages can be served, and what the server uses',
  description: 'From what is known: whoever runs the stages is not asked.',
  response: {
    200: succeeded(Type.Object({
      status: Type.Literal('healthy'),
      uptime: Type.Integer({ description: 'Seconds since the start.' }),
      environment: Type.Enum(['development', 'production']),
      version: Type.String({ description: 'Of the API.' }),
      services: Type.Object({
        redis: Type.Enum(['connected', 'disconnected'], { description: 'Without Redis, or while it is away, the server goes on with its own memory.' }),
        aws: Type.Object({ region: Type.String(), stageConfigured: Type.Boolean({ description: 'Whether there is a master stage.' }) })
      }),
      memory: Type.Object({ used: megabytes('Of the heap.'), total: megabytes('That the heap has from the system.'), unit: Type.Literal('MB') })
    }), 'They can'),
    500: errorOf('INTERNAL_ERROR'),
    503: errorOf('SERVICE_UNAVAILABLE: the server closes, or the database does not answer')
  }
}

/** `GET /health`. */
export const health: FastifyPluginAsync<HealthOptions> = async (scope, { ivs, database, state, server, isProduction }) => {
  const began = performance.now()

  scope.get('/health', { schema: healthSchema }, async () => {
    const trouble = server.isClosing ? 'The server is closing' : await database.trouble()
    if (trouble !== undefined) throw new HeadwaterError('STAGES_UNAVAILABLE', { message: trouble })
    const { heapUsed, heapTotal } = process.memoryUsage()
    return success({
      status: 'healthy',
      uptime: Math.floor((performance.now() - began) / 1000),
      environment: isProduction ? 'production' : 'development',
      version: API_VERSION,
      services: {
        redis: state.kind === 'redis' ? state.connection : 'disconnected',
        aws: { region: ivs.provider.region, stageConfigured: ivs.stages.all().some(({ role }) => role === 'master') }
      },
      memory: { used: Math.round(heapUsed / MEGABYTE), total: Math.round(heapTotal / MEGABYTE), unit: 'MB' }
    })
  })
}
