import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { Type } from 'typebox'
import { makeErrorAnswer, makeErrorOf, success, useEnvelope } from '../../../plugins/ivs/envelope.ts'
import { ERROR_CODES, HeadwaterError, type ErrorCode } from '../../../src/errors/catalogue.ts'
import { pathOwners } from '../../../src/http/path-owners.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

interface Thrown { error: Error }

async function scopeThat (t: Test, { isProduction = false, build }: { isProduction?: boolean, build?: (scope: FastifyInstance) => void }, thrown: Thrown = { error: new Error('nothing is thrown yet') }): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(pathOwners)
  useEnvelope(app, { answerError: makeErrorAnswer(makeErrorOf({ isProduction, maxParticipants: 50, maxStages: 20 })), maxBodyBytes: 2_048 })
  app.get('/throw', async () => { throw thrown.error })
  build?.(app)
  return app
}

/** Section 4: the code, its status and its words. */
const TABLE: Array<[code: string, status: number, message: string, from: ErrorCode]> = [
  ['VALIDATION_ERROR', 400, '請求參數驗證失敗', 'INVALID_REQUEST'],
  ['UNAUTHORIZED', 401, '未授權', 'API_KEY_INVALID'],
  ['FORBIDDEN', 403, '禁止訪問', 'FORBIDDEN'],
  ['FORBIDDEN', 403, '無法刪除主 Stage', 'MASTER_STAGE'],
  ['NOT_FOUND', 404, '資源不存在', 'NOT_FOUND'],
  ['STAGE_FULL', 503, 'Stage 已滿（達到 50 人上限）', 'STAGE_FULL'],
  ['STAGE_LIMIT_REACHED', 503, 'Stage 數量已達上限（20 個）', 'STAGE_LIMIT_REACHED'],
  ['TOKEN_GENERATION_FAILED', 500, 'Token 生成失敗', 'TOKEN_GENERATION_FAILED'],
  ['INTERNAL_ERROR', 500, '內部服務器錯誤', 'INTERNAL_ERROR'],
  ['RATE_LIMIT_EXCEEDED', 429, '請求過於頻繁，請稍後再試', 'RATE_LIMIT_EXCEEDED'],
  ['SERVICE_UNAVAILABLE', 503, '服務不可用', 'STAGES_UNAVAILABLE'],
  ['SERVICE_UNAVAILABLE', 503, '服務不可用', 'DATABASE_UNAVAILABLE'],
  ['VALIDATION_ERROR', 400, 'Stage 中仍有觀眾，無法刪除', 'STAGE_NOT_EMPTY'],
  ['VALIDATION_ERROR', 413, '請求參數驗證失敗', 'PAYLOAD_TOO_LARGE'],
  ['VALIDATION_ERROR', 414, '請求參數驗證失敗', 'URI_TOO_LONG'],
  ['VALIDATION_ERROR', 415, '請求參數驗證失敗', 'UNSUPPORTED_MEDIA_TYPE']
]

t.test('3: an answer that is no error', async t => {
  t.match(success({ a: 1 }), { success: true, data: { a: 1 }, timestamp: ISO })
  t.notOk('message' in success({}))
  t.equal(success({}, '操作成功').message, '操作成功')
})

t.test('4: every error of the catalogue, in the words of the original', async t => {
  const thrown: Thrown = { error: new Error('not yet') }
  const app = await scopeThat(t, { isProduction: true }, thrown)
  const ask = async (error: Error) => {
    thrown.error = error
    const answer = await app.inject('/throw')
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() }
  }
  for (const [code, status, message, from] of TABLE) {
    const answer = await ask(new HeadwaterError(from, { message: 'In English', cause: new Error('the cause') }))
    t.match(answer, { status, body: { success: false, error: { code, message }, timestamp: ISO } }, from)
    t.equal('details' in answer.body.error, code === 'VALIDATION_ERROR', `${from}: details in production`)
  }
  const codes = new Set(TABLE.map(([code]) => code))
  for (const code of ERROR_CODES) {
    const { status, body } = await ask(new HeadwaterError(code))
    t.ok(codes.has(body.error.code) && status >= 400, code)
    t.ok(TABLE.some(([wire, , message]) => wire === body.error.code && message === body.error.message), `${code}: its words`)
  }
  t.match(await ask(new TypeError('x is not a function')), { status: 500, body: { error: { code: 'INTERNAL_ERROR', message: '內部服務器錯誤' } } })
  t.match(await ask(new HeadwaterError('STAGE_NOT_EMPTY', { figures: { viewerCount: 15 } })), { body: { error: { details: { viewerCount: 15 } } } })
  t.match(await ask(new HeadwaterError('STAGES_UNAVAILABLE', { retryAfterMs: 1_200 })), { status: 503, headers: { 'retry-after': '2' } })
})

t.test('IVS-03: outside production failures say what they come from', async t => {
  const thrown: Thrown = { error: new Error('not yet') }
  const app = await scopeThat(t, {}, thrown)
  const errorOf = async (error: Error) => {
    thrown.error = error
    return (await app.inject('/throw')).json().error
  }
  t.strictSame((await errorOf(new HeadwaterError('TOKEN_GENERATION_FAILED', { message: 'AWS refused', cause: new Error('no credentials') }))).details, { reason: 'AWS refused', cause: 'no credentials' })
  t.strictSame((await errorOf(new Error('a bug'))).details, { reason: 'Internal server error', cause: 'a bug' })
  for (const code of ['NOT_FOUND', 'API_KEY_INVALID', 'FORBIDDEN', 'RATE_LIMIT_EXCEEDED'] as const) t.notOk('details' in await errorOf(new HeadwaterError(code)), code)
})

t.test('IVS-05: what is missing and what is wrong', async t => {
  const text = Type.String({ minLength: 1, maxLength: 5 })
  const app = await scopeThat(t, {
    build: scope => {
      scope.post('/', { schema: { body: Type.Object({ userId: text, stageArn: text, tags: Type.Optional(Type.Record(Type.String(), Type.String())) }) } }, async ({ body }) => success(body))
      scope.get('/', { schema: { querystring: Type.Object({ userId: text, stageArn: text }) } }, async ({ query }) => success(query))
      scope.post('/one', { schema: { body: Type.Object({ userId: text }) } }, async ({ body }) => success(body))
    }
  })
  const post = async (payload: string | object | undefined, url = '/', headers: Record<string, string> = { 'content-type': 'application/json' }) => {
    const text = typeof payload === 'object' ? JSON.stringify(payload) : payload
    const { statusCode, body } = await app.inject({ method: 'POST', url, headers, ...(text === undefined ? {} : { payload: text }) })
    return { status: statusCode, body: JSON.parse(body) }
  }
  const refused = (answer: { status: number, body: any }, message: string, details: object, about: string) => {
    t.match(answer, { status: 400, body: { error: { code: 'VALIDATION_ERROR', message } } }, about)
    t.strictSame({ missingFields: answer.body.error.details.missingFields, invalidFields: answer.body.error.details.invalidFields }, { missingFields: undefined, invalidFields: undefined, ...details }, about)
  }
  const both = { missingFields: ['userId', 'stageArn'] }
  for (const [body, about] of [[{}, 'nothing'], [undefined, 'no body'], ['', 'an empty body'], [{ userId: '', stageArn: '' }, 'empty texts'], [{ stageArn: null, userId: null }, 'null'], [{ userId: '' }, 'in the order of the table'], [{ stageArn: '' }, 'in the order of the table, again']] as const) refused(await post(body), '缺少必要參數', both, about)
  refused(await post(undefined, '/', {}), '缺少必要參數', both, 'no content type')
  refused(await post({ userId: 'a' }), '缺少 stageArn', { missingFields: ['stageArn'] }, 'one')
  refused(await post({}, '/one'), '缺少 userId', { missingFields: ['userId'] }, 'the one that there is')
  refused(await post({ userId: 5, stageArn: 'b' }), '請求參數驗證失敗', { invalidFields: ['userId'] }, 'a number')
  refused(await post({ userId: ['a'], stageArn: {} }), '請求參數驗證失敗', { invalidFields: ['userId', 'stageArn'] }, 'a list, an object')
  refused(await post({ userId: 5 }), '缺少 stageArn', { missingFields: ['stageArn'], invalidFields: ['userId'] }, 'one is missing, one is wrong')
  refused(await post({ userId: 'toolong', stageArn: 'b' }), '請求參數驗證失敗', { invalidFields: ['userId'] }, 'too long')
  refused(await post({ userId: 'a', stageArn: 'b', tags: { a: 1, b: 2 } }), '請求參數驗證失敗', { invalidFields: ['tags'] }, 'inside, told once')
  for (const body of ['[]', '"text"', '5', 'null', '[{"userId":"a"}]']) refused(await post(body), '請求參數驗證失敗', { invalidFields: ['body'] }, body)
  t.match(await post('{"userId":'), { status: 400, body: { error: { code: 'VALIDATION_ERROR', message: '請求參數驗證失敗', details: { reason: 'The body is not valid JSON' } } } })
  t.match(await post(`{"userId":"${'x'.repeat(3_000)}"}`), { status: 413, body: { error: { code: 'VALIDATION_ERROR', details: { reason: String } } } })
  t.match(await post('<a/>', '/', { 'content-type': 'application/xml' }), { status: 415, body: { error: { code: 'VALIDATION_ERROR' } } })
  refused(await post('{"__proto__":{"userId":"a","stageArn":"b"}}'), '缺少必要參數', both, 'a prototype')
  t.match(await post({ userId: 'a', stageArn: 'b', more: 1 }), { status: 200, body: { data: { userId: 'a', stageArn: 'b', more: 1 } } }, 'what is unknown is ignored')
  const get = async (query: string) => {
    const answer = await app.inject(`/${query}`)
    return { status: answer.statusCode, body: answer.json() }
  }
  refused(await get(''), '缺少必要參數', both, 'a query')
  refused(await get('?userId=&stageArn=b'), '缺少 userId', { missingFields: ['userId'] }, 'an empty one')
  refused(await get('?userId=a&userId=b&stageArn=b'), '請求參數驗證失敗', { invalidFields: ['userId'] }, 'twice')
  t.match(await get('?userId=5&stageArn=a:/b'), { status: 200, body: { data: { userId: '5', stageArn: 'a:/b' } } })
})
