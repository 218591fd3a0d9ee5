/** Errors of this API: `{ error, code }` (docs/api/live-sessions.md, 12). Answers that are none stand by themselves. */
import type { FastifyInstance } from 'fastify'
import type { ErrorCode, FieldProblem, HeadwaterError } from '../../src/errors/catalogue.ts'
import { makeErrorHandler, nothingAt } from '../../src/http/error-handler.ts'
import { REQUIRED } from '../../src/http/field-problems.ts'
import { useOwnAnswers, useOwnBodies } from '../../src/http/json.ts'
import { useOwnValidation } from '../../src/http/validation.ts'

export const WIRE_CODES = [
  'VALIDATION_ERROR', 'UNAUTHORIZED', 'FORBIDDEN', 'INVALID_INVITE_TOKEN', 'NOT_FOUND', 'INVALID_STATE', 'SESSION_FULL', 'RECORDING_NOT_POSSIBLE', 'PAYLOAD_TOO_LARGE',
  'URI_TOO_LONG', 'UNSUPPORTED_MEDIA_TYPE', 'RATE_LIMIT_EXCEEDED', 'INTERNAL_ERROR', 'SERVICE_UNAVAILABLE'
] as const

export type WireCode = typeof WIRE_CODES[number]

export interface ErrorBody {
  /** For people. */
  error: string
  /** For programs. */
  code: WireCode
  /** The fields that are wrong. */
  fields?: readonly FieldProblem[]
}

/** Errors that are told apart from others of their status. */
const BY_ERROR: Partial<Record<ErrorCode, WireCode>> = {
  INVITE_TOKEN_INVALID: 'INVALID_INVITE_TOKEN',
  SESSION_FULL: 'SESSION_FULL',
  RECORDING_NOT_POSSIBLE: 'RECORDING_NOT_POSSIBLE'
}

const BY_STATUS: Record<number, WireCode> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'INVALID_STATE',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMIT_EXCEEDED',
  503: 'SERVICE_UNAVAILABLE'
}

export function errorBody (error: HeadwaterError): ErrorBody {
  const { code, statusCode, message, fields } = error
  return {
    error: fields.length === 0 ? message : fields.map(({ field, message }) => `${field} ${message === REQUIRED ? 'is required' : message}`).join('; '),
    code: BY_ERROR[code] ?? BY_STATUS[statusCode] ?? (statusCode < 500 ? 'VALIDATION_ERROR' : 'INTERNAL_ERROR'),
    ...(fields.length === 0 ? {} : { fields })
  }
}

/** Answers an error in this envelope, wherever it was thrown. */
export const answerError = makeErrorHandler(errorBody)

/** A scope whose answers have this envelope, up to what no route of it matches. Nothing in a body counts as an empty one. */
export function useEnvelope (scope: FastifyInstance, { maxBodyBytes }: { maxBodyBytes: number }): void {
  useOwnValidation(scope, { allErrors: true })
  useOwnBodies(scope, { maxBytes: maxBodyBytes })
  useOwnAnswers(scope)
  scope.setErrorHandler(answerError)
  scope.setNotFoundHandler(async (request, reply) => await answerError(nothingAt(request), request, reply))
  scope.addHook('onRequest', async (_request, reply) => { reply.header('cache-control', 'no-store') })
  scope.addHook('preValidation', async request => { if (request.body === undefined) request.body = {} })
}
