import jsonwebtoken from 'jsonwebtoken'
import type { Test } from 'tap'
import type { Answer } from '../../fixtures/http.ts'

export const WHOLE_SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

const STATUS: Record<string, number> = {
  VALIDATION_ERROR: 400, UNAUTHORIZED: 401, FORBIDDEN: 403, INVALID_INVITE_TOKEN: 403, NOT_FOUND: 404, INVALID_STATE: 409, SESSION_FULL: 409, RECORDING_NOT_POSSIBLE: 409, PAYLOAD_TOO_LARGE: 413, SERVICE_UNAVAILABLE: 503
}

/** An error in the envelope of this API. */
export function expectError (t: Test, answer: Answer, code: string, about: string): void {
  t.equal(answer.status, STATUS[code], `${about}: ${STATUS[code]}`)
  t.match(answer.json, { error: /./, code }, `${about}: ${code}`)
  t.match(answer.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }, about)
}

/** An answer that is no error. @returns its body */
export function expectBody (t: Test, answer: Answer, status: number, about: string): any {
  t.equal(answer.status, status, `${about}: ${status} ${status === answer.status ? '' : answer.text}`)
  return answer.json
}

/** What stands in a token of a room, with its signature checked. */
export function roomClaims (token: string, secret: string): { sub: string, name: string, exp: number, nbf: number, attributes: Record<string, string>, video: Record<string, unknown> } {
  return jsonwebtoken.verify(token, secret, { algorithms: ['HS256'] }) as ReturnType<typeof roomClaims>
}
