import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { isFailure, toHeadwaterError } from '../../../src/http/error-handler.ts'
import type { Heartbeat, Ivs } from '../core.ts'
import type { ErrorOf, Failure } from '../envelope.ts'
import { success } from '../envelope.ts'
import { fieldCheck } from '../field-validation.ts'
import type { RequestLimits } from '../request-limits.ts'
import { errors, failure, heartbeat, heartbeatUpdated, keyHeaders, succeeded, TAG } from './schemas.ts'

export interface HeartbeatsOptions {
  ivs: Ivs
  limits: Pick<RequestLimits, 'countViewers'>
  errorOf: ErrorOf
}

const schema = ({ maxHeartbeats }: Ivs['config']) => ({
  tags: [TAG],
  operationId: 'sendHeartbeats',
  summary: 'Added: many viewers are still there',
  description: 'What a backend collected for a while, instead of a request for each. Each heartbeat is taken as if it had come alone, and counts among those of its viewer; one that fails leaves the others as they are. The request has a limit of its own, as large as that of other requests.',
  headers: Type.Object(keyHeaders),
  body: Type.Object({ heartbeats: Type.Array(heartbeat, { maxItems: maxHeartbeats, description: 'IVS_MAX_HEARTBEATS at most, 1,000 by default.' }) }),
  response: {
    200: succeeded(Type.Object({
      updated: Type.Integer({ description: 'How many of them did not fail.' }),
      results: Type.Array(Type.Union([
        Type.Object({ success: Type.Literal(true), data: heartbeatUpdated }),
        Type.Object({ success: Type.Literal(false), error: failure, retryAfter: Type.Optional(Type.Integer({ description: 'Seconds, where there would be a header Retry-After.' })) })
      ]), { description: 'Of each heartbeat, in their order, what would have been answered had it come alone.' })
    }), 'What became of each'),
    ...errors([401])
  }
})

/** Checked by the handler, each by itself: one that is wrong leaves the others as they are. */
const list = ({ maxHeartbeats }: Ivs['config']) => Type.Object({ heartbeats: Type.Array(Type.Unknown(), { maxItems: maxHeartbeats }) })

type Result =
  | { success: true, data: Heartbeat & { heartbeatUpdated: true } }
  | Pick<Failure, 'success' | 'error'> & { retryAfter?: number }

/** `POST /api/viewer/heartbeats`: what many viewers say, in one request. */
export const heartbeats: FastifyPluginAsyncTypebox<HeartbeatsOptions> = async (scope, { ivs: { config, viewers }, limits, errorOf }) => {
  const wrongIn = fieldCheck(scope, heartbeat, 'heartbeat')
  const compile = scope.validatorCompiler!
  const unchecked = list(config)

  /** @returns of each why it failed; undefined where it did not */
  const take = async (from: { ip: string }, given: readonly unknown[]): Promise<unknown[]> => {
    const refused = await limits.countViewers(from, given)
    const problems: unknown[] = given.map((one, index) => refused[index] ?? wrongIn(one))
    const good = [...given.keys()].filter(index => problems[index] === undefined)
    const failed = await viewers.heartbeats(good.map(index => given[index] as Heartbeat))
    for (const [at, index] of good.entries()) problems[index] = failed[at]
    return problems
  }

  scope.post('/heartbeats', {
    schema: schema(config),
    bodyLimit: config.maxHeartbeatsBytes,
    validatorCompiler: definition => compile(definition.httpPart === 'body' ? { ...definition, schema: unchecked } : definition)
  }, async request => {
    const given: readonly unknown[] = request.body.heartbeats
    const problems = await take(request, given)
    const told = new Set<unknown>()
    const results = given.map((one, index): Result => {
      const problem = problems[index]
      if (problem === undefined) {
        const { userId, stageArn } = one as Heartbeat
        return { success: true, data: { userId, stageArn, heartbeatUpdated: true } }
      }
      const error = toHeadwaterError(problem)
      // Many may fail with one cause.
      if (isFailure(error) && !told.has(problem)) request.log.error({ err: error.cause ?? error }, error.message)
      told.add(problem)
      return { success: false, error: errorOf(error), ...(error.retryAfterMs === undefined ? {} : { retryAfter: Math.ceil(error.retryAfterMs / 1000) }) }
    })
    return success({ updated: problems.filter(problem => problem === undefined).length, results })
  })
}
