/**
 * The envelope with codes: `{ code, message, data, timestamp, request_id }`, of all features whose paths begin with
 * `/api/v1` (docs/api/meetings.md, 2 and 3). Errors have the code of what went wrong where there is one for it, and the
 * status of HTTP otherwise.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorCode, FieldProblem, HeadwaterError } from '../errors/catalogue.ts'
import { makeErrorHandler, nothingAt } from './error-handler.ts'
import { useOwnAnswers, useOwnBodies } from './json.ts'
import { useOwnValidation } from './validation.ts'
import { wholeSeconds } from './whole-seconds.ts'

export interface CodedBody<Data = unknown> {
  code: number
  message: string
  data: Data
  timestamp: string
  request_id: string
}

export interface CodedErrorBody extends CodedBody<{ errors: readonly FieldProblem[] } | null> {
  /** What went wrong, in English. */
  detail: string
}

/** Codes of what can go wrong, beyond the statuses of HTTP. The messages are those of the original. */
const BUSINESS: Partial<Record<ErrorCode, { code: number, message: string }>> = {
  USERNAME_TAKEN: { code: 1001, message: '用户名已存在' },
  EMAIL_TAKEN: { code: 1002, message: '邮箱已存在' },
  ACCOUNT_NOT_FOUND: { code: 1003, message: '用户不存在' },
  WRONG_PASSWORD: { code: 1004, message: '密码错误' },
  PASSWORD_MISMATCH: { code: 1004, message: '密码错误' },
  TOKEN_EXPIRED: { code: 1005, message: 'Token过期' },
  UPLOAD_FAILED: { code: 3001, message: '上传失败' }
}

/** The first seven are the original's. */
const BY_STATUS: Record<number, string> = {
  400: '请求错误',
  401: '未认证',
  403: '无权限',
  404: '不存在',
  429: '请求过多',
  500: '服务器错误',
  413: '请求体过大',
  414: '请求地址过长',
  415: '不支持的媒体类型',
  503: '服务不可用'
}

export const BUSINESS_CODES: readonly number[] = [...new Set(Object.values(BUSINESS).map(({ code }) => code))]

/** What an answer that is no error looks like. @param status of HTTP; the reply has to have it too */
export function codedAnswer<Data> (request: FastifyRequest, data: Data, status = 200): CodedBody<Data> {
  return { code: status, message: 'Success', data, timestamp: wholeSeconds(new Date()), request_id: request.id }
}

export function codedError (error: HeadwaterError, request: FastifyRequest): CodedErrorBody {
  const { code, message } = BUSINESS[error.code] ?? { code: error.statusCode, message: BY_STATUS[error.statusCode] ?? BY_STATUS[500]! }
  return {
    code,
    message,
    data: error.fields.length === 0 ? null : { errors: error.fields },
    timestamp: wholeSeconds(new Date()),
    request_id: request.id,
    detail: error.message
  }
}

const answerError = makeErrorHandler(codedError)

/** Answers an error in this envelope, wherever it was thrown. */
export async function answerCodedError (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return await answerError(error, request, reply.header('x-request-id', request.id))
}

/** For requests that no route of a scope matches. */
export async function answerCodedNotFound (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return await answerCodedError(nothingAt(request), request, reply)
}

export interface CodedEnvelopeOptions {
  /** Largest body, in bytes; a route may have another limit. */
  maxBodyBytes: number
}

/**
 * A scope whose answers have this envelope: its errors, and what is thrown in other words; validation tells of every
 * field. No body counts as one with nothing in it, so that each field which is missing is told.
 */
export function useCodedEnvelope (scope: FastifyInstance, { maxBodyBytes }: CodedEnvelopeOptions): void {
  useOwnValidation(scope, { allErrors: true })
  useOwnBodies(scope, { maxBytes: maxBodyBytes })
  useOwnAnswers(scope)
  scope.setErrorHandler(answerCodedError)
  scope.addHook('onRequest', async (request, reply) => { reply.header('x-request-id', request.id).header('cache-control', 'no-store') })
  scope.addHook('preValidation', async request => { if (request.body === undefined) request.body = {} })
}
