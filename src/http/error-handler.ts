import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { HeadwaterError, type ErrorCode } from '../errors/catalogue.ts'
import { fieldProblems } from './field-problems.ts'

/** How one API writes an error. */
export type ErrorEnvelope = (error: HeadwaterError, request: FastifyRequest) => object

/** Errors of Fastify and its plugins, in the words of the catalogue. */
const BY_STATUS: Record<number, ErrorCode> = {
  400: 'INVALID_REQUEST',
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'URI_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  416: 'RANGE_NOT_SATISFIABLE',
  429: 'RATE_LIMIT_EXCEEDED'
}

/** Any error as one of the catalogue. What a caller cannot act on becomes `INTERNAL_ERROR`, with the cause kept for the log. */
export function toHeadwaterError (error: unknown): HeadwaterError {
  if (error instanceof HeadwaterError) return error
  const { statusCode, message, validation, validationContext } = error as Partial<FastifyError>
  if (validation !== undefined) return new HeadwaterError('INVALID_REQUEST', { message: message ?? 'Invalid request', fields: fieldProblems(validation, validationContext), cause: error })
  const code = BY_STATUS[statusCode ?? 500]
  if (code !== undefined) return new HeadwaterError(code, { message: message ?? code, cause: error })
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new HeadwaterError('INVALID_REQUEST', { message: message ?? 'Invalid request', cause: error })
  return new HeadwaterError('INTERNAL_ERROR', { cause: error })
}

/** For a request that no route matches. */
export function nothingAt ({ method, url }: Pick<FastifyRequest, 'method' | 'url'>): HeadwaterError {
  return new HeadwaterError('NOT_FOUND', { message: `There is nothing at ${method} ${url.split('?')[0]}` })
}

/** Whether the log has to say it: a server that refuses for want of room has not failed. */
export function isFailure ({ statusCode, cause }: HeadwaterError): boolean {
  return statusCode === 500 || (statusCode > 500 && cause !== undefined)
}

/** An error handler that answers in an API's own form, and logs what the server has to answer for. */
export function makeErrorHandler (envelope: ErrorEnvelope) {
  const answer = makeErrorAnswer(envelope)
  return async (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const error = toHeadwaterError(thrown)
    if (isFailure(error)) request.log.error({ err: error.cause ?? error }, error.message)
    return await answer(error, request, reply)
  }
}

/** The answer alone, for who logs in words of its own. */
export function makeErrorAnswer (envelope: ErrorEnvelope) {
  return async (error: HeadwaterError, request: FastifyRequest, reply: FastifyReply) => {
    if (error.retryAfterMs !== undefined && !reply.hasHeader('retry-after')) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000))
    // The handler may have begun an answer of another type, for caches.
    return await reply.code(error.statusCode).type('application/json; charset=utf-8').header('cache-control', 'no-store').send(envelope(error, request))
  }
}
