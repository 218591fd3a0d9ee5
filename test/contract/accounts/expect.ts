import type { Test } from 'tap'
import type { Answer } from '../../fixtures/http.ts'

/** The messages of the original, by code. */
export const MESSAGES: Record<number, string> = {
  200: 'Success',
  201: 'Success',
  400: '请求错误',
  401: '未认证',
  403: '无权限',
  404: '不存在',
  413: '请求体过大',
  414: '请求地址过长',
  415: '不支持的媒体类型',
  429: '请求过多',
  503: '服务不可用',
  1001: '用户名已存在',
  1002: '邮箱已存在',
  1003: '用户不存在',
  1004: '密码错误',
  1005: 'Token过期',
  3001: '上传失败'
}

const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** An answer in the envelope. @returns its data */
export function expectAnswer (t: Test, answer: Answer, status: number, code: number, about: string): any {
  t.equal(answer.status, status, `${about}: ${status}/${code}`)
  t.match(answer.json, { code, message: MESSAGES[code], timestamp: WHOLE_SECONDS, request_id: answer.headers['x-request-id'] }, about)
  if (status >= 400 && answer.json.data !== null) t.match(answer.json.data, { errors: [{ field: String, message: String }] })
  return answer.json.data
}

/** The fields that are told as wrong. */
export function fieldsOf (answer: Answer): string[] {
  return (answer.json.data?.errors ?? []).map(({ field }: { field: string }) => field)
}

/** A form with one file. */
export function form (field: string, bytes: Uint8Array, { name = 'picture.png', type = 'image/png' } = {}): { headers: Record<string, string>, body: Buffer } {
  const boundary = 'x-boundary-of-a-test'
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="note"\r\n\r\nhello\r\n--${boundary}\r\ncontent-disposition: form-data; name="${field}"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`),
      bytes,
      Buffer.from(`\r\n--${boundary}--\r\n`)
    ])
  }
}
