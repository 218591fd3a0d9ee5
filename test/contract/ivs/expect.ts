import type { Test } from 'tap'
import type { Answer } from '../../fixtures/http.ts'

export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
export const ARN = /^arn:aws:ivs:[a-z0-9-]+:\d{12}:stage\/[A-Za-z0-9]+$/

/** An answer that is no error. @param message none where it is left out @returns its data */
export function expectSuccess (t: Test, answer: Answer, about: string, { status = 200, message }: { status?: number, message?: string } = {}): any {
  t.equal(answer.status, status, `${about}: ${status} ${answer.status === status ? '' : answer.text}`)
  t.strictSame(Object.keys(answer.json), ['success', 'data', 'timestamp', ...(message === undefined ? [] : ['message'])], about)
  t.match(answer.json, { success: true, timestamp: ISO, ...(message === undefined ? {} : { message }) }, about)
  t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  return answer.json.data
}

/** An error, word for word. @returns its details */
export function expectError (t: Test, answer: Answer, [status, code, message]: readonly [number, string, string], about: string): any {
  t.equal(answer.status, status, `${about}: ${status} ${answer.status === status ? '' : answer.text}`)
  t.strictSame(Object.keys(answer.json), ['success', 'error', 'timestamp'], about)
  t.match(answer.json, { success: false, error: { code, message }, timestamp: ISO }, about)
  return answer.json.error.details
}

/** Section 4, and what single endpoints say instead. */
export const ERROR = {
  invalid: [400, 'VALIDATION_ERROR', '請求參數驗證失敗'],
  unauthorized: [401, 'UNAUTHORIZED', '未授權'],
  forbidden: [403, 'FORBIDDEN', '禁止訪問'],
  notFound: [404, 'NOT_FOUND', '資源不存在'],
  stageFull: [503, 'STAGE_FULL', 'Stage 已滿（達到 50 人上限）'],
  viewerTokenFull: [503, 'STAGE_FULL', 'Stage 已滿，請稍後再試'],
  noBroadcast: [404, 'NOT_FOUND', '主播直播不存在'],
  newStageLimit: [503, 'STAGE_LIMIT_REACHED', '已達到 Stage 數量上限 (20)'],
  masterStage: [403, 'FORBIDDEN', '無法刪除主 Stage'],
  notEmpty: [400, 'VALIDATION_ERROR', 'Stage 中仍有觀眾，無法刪除'],
  tooMany: [429, 'RATE_LIMIT_EXCEEDED', '請求過於頻繁，請稍後再試'],
  unavailable: [503, 'SERVICE_UNAVAILABLE', '服務不可用']
} as const

/** Fields that must be there and are not, in this order. */
export function expectMissing (t: Test, answer: Answer, fields: string[], about: string): void {
  const details = expectError(t, answer, [400, 'VALIDATION_ERROR', fields.length === 1 ? `缺少 ${fields[0]}` : '缺少必要參數'], about)
  t.strictSame(details?.missingFields, fields, about)
}

export function expectInvalid (t: Test, answer: Answer, fields: string[], about: string): void {
  const details = expectError(t, answer, ERROR.invalid, about)
  t.strictSame(details?.invalidFields, fields, about)
}
