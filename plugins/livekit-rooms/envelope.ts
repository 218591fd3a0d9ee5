/** The envelope of this API: answers are what they are, errors `{ statusCode, message }` (docs/api/livekit-rooms.md, 2). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { OPEN_CORS } from '../../src/http/cors.ts'
import { makeErrorAnswer, toHeadwaterError } from '../../src/http/error-handler.ts'
import { REQUIRED } from '../../src/http/field-problems.ts'
import { useOwnAnswers, useOwnBodies } from '../../src/http/json.ts'
import { useOwnValidation } from '../../src/http/validation.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What has failed when this route fails, in the words of the original: `Failed to join room`. */
    roomsFailure?: string
  }
}

export interface Failure {
  statusCode: number
  message: string
}

/** Words of the original for what is not there. */
const MISSING: Record<string, string> = { userName: 'identity is required for join but not set', roomId: 'roomId is required' }

/** Why it failed. Operators look for the first three in the log, under the name of what failed. */
function reasonOf ({ code, message, fields }: HeadwaterError): { reason: string, isDocumented: boolean } {
  const missing = ['userName', 'roomId'].find(name => fields.some(({ field, message }) => field === name && message === REQUIRED))
  if (missing !== undefined) return { reason: MISSING[missing]!, isDocumented: true }
  if (code === 'ROOM_NOT_FOUND') return { reason: message, isDocumented: true }
  return { reason: fields.length === 0 ? message : fields.map(({ field, message }) => `${field} ${message}`).join('; '), isDocumented: false }
}

const answer = makeErrorAnswer(({ statusCode, message }): Failure => ({ statusCode, message }))

/** Answers an error in this envelope, wherever it was thrown. What it comes from is in the log alone where it is the server's fault. */
export async function answerError (thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const error = toHeadwaterError(thrown)
  const failed = request.routeOptions?.config?.roomsFailure
  const { reason, isDocumented } = reasonOf(error)
  const said = failed === undefined ? reason : `${failed}: ${reason}`
  reply.headers(OPEN_CORS)
  if (error.statusCode >= 500) {
    request.log.error({ err: error.cause ?? error }, said)
    return await answer(new HeadwaterError('INTERNAL_ERROR'), request, reply)
  }
  if (isDocumented) request.log.error(said)
  return await answer(new HeadwaterError(error.code, { message: isDocumented ? said : reason, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) }), request, reply)
}

/** A scope whose answers have this envelope: its errors, and what is thrown in other words. */
export function useEnvelope (scope: FastifyInstance, { maxBodyBytes }: { maxBodyBytes: number }): void {
  useOwnValidation(scope, { allErrors: true })
  useOwnBodies(scope, { maxBytes: maxBodyBytes })
  useOwnAnswers(scope)
  scope.setErrorHandler(answerError)
  scope.addHook('onRequest', async (_request, reply) => { reply.header('cache-control', 'no-store') })
  scope.addHook('preValidation', async request => { request.body = withoutBlanks(request.body ?? {}) })
}

/** What is null or blank counts as not there. */
function withoutBlanks (body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null && !(typeof value === 'string' && value.trim() === '')))
}
