/** The envelope of this API: `{ success, data, timestamp, message? }`, or `error` in place of `data` (docs/api/ivs.md, 3 and 4). */
import type { FastifyInstance } from 'fastify'
import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError, type ErrorCode } from '../../src/errors/catalogue.ts'
import { makeErrorHandler } from '../../src/http/error-handler.ts'
import { REQUIRED } from '../../src/http/field-problems.ts'
import { useOwnAnswers, useOwnBodies } from '../../src/http/json.ts'
import type { AnswerError } from '../../src/http/path-owners.ts'
import { useFieldValidation } from './field-validation.ts'
import { codeTexts, EVERYWHERE, missingText, type ErrorTexts, type WireCode } from './messages.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What errors of this route say instead of the general words. */
    ivsErrorTexts?: ErrorTexts
  }
}

export interface Success<Data> {
  success: true
  data: Data
  timestamp: string
  message?: string
}

export interface Failure {
  success: false
  error: { code: WireCode, message: string, details?: Record<string, unknown> }
  timestamp: string
}

export function success<Data> (data: Data, message?: string): Success<Data> {
  return { success: true, data, timestamp: new Date().toISOString(), ...(message === undefined ? {} : { message }) }
}

/** Errors that are told apart from others of their status. */
const BY_ERROR: Partial<Record<ErrorCode, WireCode>> = {
  STAGE_FULL: 'STAGE_FULL',
  STAGE_LIMIT_REACHED: 'STAGE_LIMIT_REACHED',
  TOKEN_GENERATION_FAILED: 'TOKEN_GENERATION_FAILED'
}

const BY_STATUS: Record<number, WireCode> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  429: 'RATE_LIMIT_EXCEEDED',
  503: 'SERVICE_UNAVAILABLE'
}

function wireCode ({ code, statusCode }: HeadwaterError): WireCode {
  return BY_ERROR[code] ?? BY_STATUS[statusCode] ?? (statusCode < 500 ? 'VALIDATION_ERROR' : 'INTERNAL_ERROR')
}

export interface ErrorOptions extends Pick<IvsConfig, 'maxParticipants' | 'maxStages'> {
  /** What a failure of the server came from is told outside production alone. */
  isProduction: boolean
}

/** How an error is told, in the envelope and on a socket. @param own what is said instead of the general words */
export type ErrorOf = (error: HeadwaterError, own?: ErrorTexts) => Failure['error']

export function makeErrorOf ({ isProduction, ...limits }: ErrorOptions): ErrorOf {
  const texts = codeTexts(limits)
  return (error, own) => {
    const code = wireCode(error)
    const missing = error.fields.filter(({ message }) => message === REQUIRED).map(({ field }) => field)
    const details = code === 'VALIDATION_ERROR' ? validationDetails(error, missing) : isProduction ? undefined : failureDetails(error)
    const message = missing.length > 0 ? missingText(missing) : { ...EVERYWHERE, ...own }[error.code] ?? texts[code]
    return { code, message, ...(details === undefined ? {} : { details }) }
  }
}

/** Answers an error in this envelope, wherever it was thrown. */
export function makeErrorAnswer (errorOf: ErrorOf): AnswerError {
  return makeErrorHandler((error, { routeOptions }): Failure =>
    ({ success: false, error: errorOf(error, routeOptions?.config?.ivsErrorTexts), timestamp: new Date().toISOString() }))
}

/** What clients act on; said in production too. */
function validationDetails ({ fields, figures, message }: HeadwaterError, missing: readonly string[]): Record<string, unknown> {
  const invalid = fields.filter(problem => problem.message !== REQUIRED)
  if (fields.length === 0) return Object.keys(figures).length > 0 ? { ...figures } : { reason: message }
  return {
    ...(missing.length > 0 ? { missingFields: missing } : {}),
    ...(invalid.length > 0 ? { invalidFields: invalid.map(({ field }) => field), reason: invalid.map(({ field, message }) => `${field} ${message}`).join('; ') } : {})
  }
}

function failureDetails ({ statusCode, message, cause }: HeadwaterError): Record<string, unknown> | undefined {
  if (statusCode < 500) return undefined
  return { reason: message, ...(cause instanceof Error ? { cause: cause.message } : {}) }
}

export interface EnvelopeOptions {
  answerError: AnswerError
  /** Largest body, in bytes. */
  maxBodyBytes: number
}

/** A scope whose answers have this envelope: its errors, and what is thrown in other words. No body counts as one with nothing in it. */
export function useEnvelope (scope: FastifyInstance, { answerError, maxBodyBytes }: EnvelopeOptions): void {
  useFieldValidation(scope)
  useOwnBodies(scope, { maxBytes: maxBodyBytes })
  useOwnAnswers(scope)
  scope.setErrorHandler(answerError)
  // With every heartbeat: a promise would cost more than what they do.
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
  scope.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined) request.body = {}
    done()
  })
}
