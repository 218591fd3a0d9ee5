import type { Test } from 'tap'
import type { Answer } from '../../fixtures/http.ts'
import { API_KEY, INTERNAL_SECRET, type IvsServer, type IvsServerOptions } from '../../fixtures/ivs-server.ts'
import { ARN, ERROR, expectError, expectInvalid, expectMissing, expectSuccess, ISO } from './expect.ts'

/** What a provider, or a state, needs to be told. */
export type StartIvs = (t: Test, options?: IvsServerOptions) => Promise<IvsServer>

const KEY = { 'x-api-key': API_KEY }
const INTERNAL = { 'x-internal-secret': INTERNAL_SECRET }
const UNKNOWN = 'arn:aws:ivs:ap-northeast-1:123456789012:stage/NotThereAtAll'

/** Every route for who has a key, with what it must be given. */
const ROUTES: Array<{ method: string, path: string, needs: string[] }> = [
  { method: 'POST', path: '/api/token/publisher', needs: ['userId'] },
  { method: 'POST', path: '/api/token/viewer', needs: ['userId'] },
  { method: 'POST', path: '/api/token/mediaserver', needs: ['serverId', 'stageArn'] },
  { method: 'GET', path: '/api/stage/list', needs: [] },
  { method: 'GET', path: '/api/stage/master/info', needs: [] },
  { method: 'POST', path: '/api/stage', needs: ['name'] },
  { method: 'DELETE', path: `/api/stage/${UNKNOWN}`, needs: [] },
  { method: 'POST', path: '/api/viewer/heartbeat', needs: ['userId', 'stageArn'] },
  // What it needs is tried by itself: what stands in the list is another matter.
  { method: 'POST', path: '/api/viewer/heartbeats', needs: [] },
  { method: 'POST', path: '/api/viewer/leave', needs: ['userId', 'stageArn'] },
  { method: 'GET', path: `/api/viewer/list/${UNKNOWN}`, needs: [] },
  { method: 'GET', path: '/api/viewer/duration', needs: ['userId', 'stageArn'] },
  { method: 'GET', path: '/api/stats', needs: [] },
  { method: 'GET', path: '/api/stats/viewers', needs: [] },
  { method: 'GET', path: '/api/stats/publisher', needs: [] }
]

const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000

/** docs/api/ivs.md, line by line, over the wire. */
export async function contractSuite (t: Test, start: StartIvs): Promise<void> {
  const server = await start(t)
  const { ask, get, post } = server
  const masterArn = async (): Promise<string> => expectSuccess(t, await get('/api/stage/master/info'), 'the master').stage.arn
  const viewersOf = async (stageArn: string): Promise<any> => expectSuccess(t, await get(`/api/viewer/list/${stageArn}`), 'viewers')
  const newStage = async (name: string): Promise<string> => expectSuccess(t, await post('/api/stage', { name }), name, { status: 201 }).stage.arn
  const isIssued = (answer: string, from: string, to: string, life: number) => Math.abs(seconds(from, answer) - life) < 2 + seconds(from, to)

  await t.test('2: every request but health needs a key', async t => {
    for (const { method, path } of ROUTES) {
      for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': 'wrong' }, { 'x-api-key': API_KEY.slice(0, -1) }, { authorization: `Bearer ${API_KEY}` }] as Array<Record<string, string>>) {
        expectError(t, await ask(method, path, { headers, ...(method === 'POST' ? { body: {} } : {}) }), ERROR.unauthorized, `${method} ${path} ${JSON.stringify(headers)}`)
      }
    }
    for (const headers of [{}, { 'x-api-key': 'wrong' }] as Array<Record<string, string>>) expectSuccess(t, await get('/health', headers), 'health')
  })

  await t.test('4, IVS-05: what is missing, in the order of the table; what is wrong', async t => {
    for (const { method, path, needs } of ROUTES.filter(({ needs }) => needs.length > 0)) {
      const headers = { ...KEY, ...INTERNAL }
      const send = async (fields: Record<string, unknown>) => method === 'GET'
        ? await get(`${path}?${new URLSearchParams(fields as Record<string, string>).toString()}`, headers)
        : await post(path, fields, headers)
      expectMissing(t, await send({}), needs, `${path}: nothing`)
      expectMissing(t, await send(Object.fromEntries(needs.map(name => [name, '']))), needs, `${path}: empty`)
      for (const name of needs) expectMissing(t, await send(Object.fromEntries(needs.filter(other => other !== name).map(other => [other, 'x']))), [name], `${path}: without ${name}`)
      if (method === 'GET') continue
      expectMissing(t, await ask(method, path, { headers }), needs, `${path}: no body`)
      expectMissing(t, await ask(method, path, { headers: { ...headers, 'content-type': 'application/json' }, body: '' }), needs, `${path}: an empty body`)
      for (const name of needs) {
        for (const wrong of [5, true, {}, ['x']]) expectInvalid(t, await send({ ...Object.fromEntries(needs.map(other => [other, 'x'])), [name]: wrong }), [name], `${path}: ${name} is ${JSON.stringify(wrong)}`)
      }
      expectInvalid(t, await ask(method, path, { headers: { ...headers, 'content-type': 'application/json' }, body: '[]' }), ['body'], `${path}: a list`)
    }
  })

  await t.test('5, X-02: errors from outside the handlers have the same form', async t => {
    const json = { ...KEY, ...INTERNAL, 'content-type': 'application/json' }
    for (const path of ['/api/token/publisher', '/api/stage', '/api/viewer/heartbeat', '/api/viewer/heartbeats']) {
      t.match(expectError(t, await ask('POST', path, { headers: json, body: '{"userId":' }), ERROR.invalid, 'broken JSON'), { reason: String })
      expectError(t, await ask('POST', path, { headers: { ...json, 'content-type': 'application/xml' }, body: '<a/>' }), [415, 'VALIDATION_ERROR', '請求參數驗證失敗'], 'XML')
      expectError(t, await ask('POST', path, { headers: json, body: JSON.stringify({ userId: 'x'.repeat(server.config.maxHeartbeatsBytes) }) }), [413, 'VALIDATION_ERROR', '請求參數驗證失敗'], 'a large body')
    }
    for (const path of ['/api', '/api/', '/api/nothing', '/api/token/nothing', '/api/token/publisher/more', '/api/stage', '/api/stage/nothing', '/api/viewer', '/api/viewer/nothing', '/api/stats/nothing', '/api/rooms/nothing']) expectError(t, await get(path, {}), ERROR.notFound, `GET ${path}, without a key`)
    for (const [method, path] of [['PUT', '/api/stage'], ['POST', '/api/stage/list'], ['GET', '/api/token/publisher'], ['DELETE', '/api/viewer/leave'], ['POST', '/health']] as const) expectError(t, await ask(method, path), ERROR.notFound, `${method} ${path}`)
    expectError(t, await get('/api/stage/%zz'), ERROR.invalid, 'a path that cannot be read')
    for (const path of ['/api/token', '/api/room/x/y', '/api/v1/stats', '/api/v1']) t.match(await get(path), { status: 404, json: { code: 'NOT_FOUND' } }, `${path} is another feature's`)
  })

  await t.test('6.1 GET /health', async t => {
    const data = expectSuccess(t, await get('/health', {}), 'health')
    t.strictSame(Object.keys(data), ['status', 'uptime', 'environment', 'version', 'services', 'memory'])
    t.match(data, { status: 'healthy', environment: 'development', version: /^\d+\.\d+\.\d+$/, services: { redis: /^(dis)?connected$/, aws: { region: server.config.region, stageConfigured: true } }, memory: { unit: 'MB' } })
    for (const number of [data.uptime, data.memory.used, data.memory.total]) t.ok(Number.isInteger(number) && number >= 0)
    t.ok(data.memory.used > 0 && data.memory.used <= data.memory.total)
  })

  await t.test('7.1 POST /api/token/publisher', async t => {
    const from = new Date().toISOString()
    const answer = await post('/api/token/publisher', { userId: 'publisher-123', unknown: 'ignored' })
    const data = expectSuccess(t, answer, 'a token')
    t.strictSame(Object.keys(data), ['token', 'participantId', 'userId', 'stageArn', 'capabilities', 'expiresAt', 'whipEndpoint', 'expiresIn', 'instructions'])
    t.match(data, { token: /^ey|./, participantId: /./, userId: 'publisher-123', stageArn: await masterArn(), expiresAt: ISO, expiresIn: 14_400 })
    t.strictSame(data.capabilities, ['PUBLISH'])
    t.ok(isIssued(data.expiresAt, from, answer.json.timestamp, 14_400), data.expiresAt)
    t.equal(data.whipEndpoint, 'https://global.whip.live-video.net')
    t.strictSame(data.instructions, {
      obs: {
        service: 'WHIP',
        server: 'https://global.whip.live-video.net',
        bearerToken: '<使用上方的 token>',
        settings: { resolution: '1280x720', bitrate: '2500 kbps', keyframeInterval: '1s', cpuPreset: 'ultrafast', tune: 'zerolatency' }
      },
      web: { sdk: 'amazon-ivs-web-broadcast', method: 'Stage.join(token)' }
    })
    const other = expectSuccess(t, await post('/api/token/publisher', { userId: 'publisher-123' }), 'IVS-26: another one for the same')
    t.not(other.token, data.token)
    t.not(other.participantId, data.participantId)
  })

  await t.test('7.2 POST /api/token/viewer', async t => {
    const from = new Date().toISOString()
    const answer = await post('/api/token/viewer', { userId: 'viewer-456' })
    const data = expectSuccess(t, answer, 'a token')
    t.strictSame(Object.keys(data), ['token', 'participantId', 'userId', 'stageArn', 'capabilities', 'expiresAt', 'expiresIn', 'currentViewers'])
    t.match(data, { token: /./, participantId: /./, userId: 'viewer-456', stageArn: await masterArn(), expiresAt: ISO, expiresIn: 3_600, currentViewers: 1 })
    t.strictSame(data.capabilities, ['SUBSCRIBE'])
    t.ok(isIssued(data.expiresAt, from, answer.json.timestamp, 3_600), data.expiresAt)
    const second = expectSuccess(t, await post('/api/token/viewer', { userId: 'viewer-789', stageArn: data.stageArn }), 'IVS-10: the one who asks counts')
    t.match(second, { stageArn: data.stageArn, currentViewers: 2 })
    const again = expectSuccess(t, await post('/api/token/viewer', { userId: 'viewer-456' }), 'IVS-26: nobody counts twice')
    t.match(again, { stageArn: data.stageArn, currentViewers: 2 })
    t.not(again.token, data.token)
    expectError(t, await post('/api/token/viewer', { userId: 'viewer-1', stageArn: UNKNOWN }), ERROR.noBroadcast, 'IVS-11: an unknown stage')
    for (const userId of ['viewer-456', 'viewer-789']) await post('/api/viewer/leave', { userId, stageArn: data.stageArn })
  })

  await t.test('7.3 POST /api/token/mediaserver', async t => {
    const stageArn = await masterArn()
    const from = new Date().toISOString()
    const answer = await post('/api/token/mediaserver', { serverId: 'media-01', stageArn }, INTERNAL)
    const data = expectSuccess(t, answer, 'a token')
    t.strictSame(Object.keys(data), ['token', 'participantId', 'stageArn', 'capabilities', 'expiresAt'])
    t.strictSame(data.capabilities, ['PUBLISH', 'SUBSCRIBE'])
    t.match(data, { token: /./, participantId: /./, stageArn })
    t.ok(isIssued(data.expiresAt, from, answer.json.timestamp, 14_400), data.expiresAt)
    for (const headers of [{}, { 'x-internal-secret': 'wrong' }, { 'x-internal-secret': '' }, { 'x-internal-secret': API_KEY }] as Array<Record<string, string>>) expectError(t, await post('/api/token/mediaserver', {}, headers), ERROR.forbidden, `IVS-02: before the body is looked at: ${JSON.stringify(headers)}`)
    expectError(t, await ask('POST', '/api/token/mediaserver', { headers: { ...INTERNAL }, body: {} }), ERROR.unauthorized, 'the secret is no key')
    expectError(t, await post('/api/token/mediaserver', { serverId: 'media-01', stageArn: UNKNOWN }, INTERNAL), ERROR.notFound, 'an unknown stage')
  })

  await t.test('8: stages', async t => {
    const before = expectSuccess(t, await get('/api/stage/list'), 'list')
    t.strictSame(Object.keys(before), ['stages', 'totalStages', 'nextToken'])
    t.equal(before.nextToken, null)
    const [master] = before.stages
    t.strictSame(Object.keys(master), ['stageArn', 'name', 'viewerCount', 'autoScaled', 'createdAt', 'tags', 'phase', 'mediaPath'])
    t.match(master, { stageArn: ARN, viewerCount: 0, autoScaled: false, createdAt: ISO, phase: 'ready' })
    t.ok(Object.values(master.tags).every(value => typeof value === 'string'))

    const info = expectSuccess(t, await get('/api/stage/master/info'), '8.2')
    t.match(info, { stage: { arn: master.stageArn, name: master.name, tags: master.tags }, viewerCount: 0, isMasterStage: true })
    t.strictSame(Object.keys(info), ['stage', 'viewerCount', 'isMasterStage'])
    t.notOk('stageArn' in info.stage || 'isMaster' in info)

    const created = await post('/api/stage', { name: 'custom-stage_01', tags: { Purpose: 'Testing', Environment: 'mine', ManagedBy: 'me' } })
    const { stage } = expectSuccess(t, created, '8.3', { status: 201 })
    t.strictSame(Object.keys(stage), ['arn', 'name', 'tags'])
    t.match(stage, { arn: ARN, name: 'custom-stage_01', tags: { Purpose: 'Testing', ManagedBy: 'api-server' } })
    t.not(stage.tags.Environment, 'mine', 'IVS-14: reserved tags win')
    const same = await newStage('custom-stage_01')
    t.not(same, stage.arn, 'IVS-14: a name may be there twice')
    for (const name of ['a b', 'ü', 'x'.repeat(129), 'a/b', 'a.b', '名']) expectInvalid(t, await post('/api/stage', { name }), ['name'], `name ${name.slice(0, 9)}`)
    for (const tags of ['x', [], { a: 5 }, { a: null }, { '': 'x' }, { 'aws:x': 'y' }, { a: 'x'.repeat(257) }, Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, 'x']))]) expectInvalid(t, await post('/api/stage', { name: 'x', tags }), ['tags'], `tags ${JSON.stringify(tags).slice(0, 30)}`)
    const list = expectSuccess(t, await get('/api/stage/list?nextToken=anything'), 'IVS-12: accepted and ignored')
    t.equal(list.totalStages, before.totalStages + 2)
    t.equal(list.stages.length, list.totalStages)
    t.match(list.stages.find(({ stageArn }: { stageArn: string }) => stageArn === stage.arn), { name: 'custom-stage_01', autoScaled: false, viewerCount: 0, tags: stage.tags })

    await post('/api/token/viewer', { userId: 'sitter', stageArn: stage.arn })
    t.equal(expectSuccess(t, await get('/api/stage/list'), 'list').stages.find(({ stageArn }: { stageArn: string }) => stageArn === stage.arn).viewerCount, 1)
    t.strictSame(expectError(t, await ask('DELETE', `/api/stage/${stage.arn}`), ERROR.notEmpty, '8.4: somebody is on it'), { viewerCount: 1 })
    await post('/api/viewer/leave', { userId: 'sitter', stageArn: stage.arn })
    const remove = async (arn: string) => await ask('DELETE', `/api/stage/${arn}`)
    t.strictSame(expectSuccess(t, await remove(stage.arn), '8.4: as it is', { message: 'Stage 已刪除' }), { stageArn: stage.arn, deleted: true })
    t.strictSame(expectSuccess(t, await remove(encodeURIComponent(same)), 'IVS-15: percent-encoded', { message: 'Stage 已刪除' }), { stageArn: same, deleted: true })
    for (const arn of [stage.arn, encodeURIComponent(same), UNKNOWN, encodeURIComponent(UNKNOWN), 'x', 'x/y/z', 'x'.repeat(4_000), '%E5%90%8D', '..%2f..%2fetc', '']) expectError(t, await remove(arn), ERROR.notFound, `DELETE ${arn.slice(0, 20)}`)
    expectError(t, await remove(master.stageArn), ERROR.masterStage, 'the master')
    const sitting = expectSuccess(t, await post('/api/token/viewer', { userId: 'sitter' }), 'a viewer')
    t.equal(sitting.stageArn, master.stageArn)
    expectError(t, await remove(encodeURIComponent(master.stageArn)), ERROR.masterStage, 'the master first, then viewers')
    await post('/api/viewer/leave', { userId: 'sitter', stageArn: master.stageArn })
    for (const userId of ['sitter', 'other']) expectError(t, await post('/api/viewer/heartbeat', { userId, stageArn: stage.arn }), ERROR.notFound, 'it is gone')
  })

  await t.test('9.1, 9.2 POST /api/viewer/heartbeat and leave', async t => {
    const stageArn = await masterArn()
    const { participantId } = expectSuccess(t, await post('/api/token/viewer', { userId: 'viewer-456' }), 'a token')
    const [before] = (await viewersOf(stageArn)).viewers
    t.strictSame(Object.keys(before), ['userId', 'participantId', 'joinedAt', 'lastHeartbeat'])
    t.match(before, { userId: 'viewer-456', participantId, joinedAt: ISO, lastHeartbeat: ISO })
    const data = expectSuccess(t, await post('/api/viewer/heartbeat', { userId: 'viewer-456', stageArn }), 'heartbeat', { message: '心跳更新成功' })
    t.strictSame(data, { userId: 'viewer-456', stageArn, heartbeatUpdated: true })
    const [after] = (await viewersOf(stageArn)).viewers
    t.equal(after.joinedAt, before.joinedAt)
    t.ok(after.lastHeartbeat >= before.lastHeartbeat)
    t.equal(after.participantId, participantId)

    expectSuccess(t, await post('/api/viewer/heartbeat', { userId: 'walk-in', stageArn }), 'IVS-16: without a token', { message: '心跳更新成功' })
    t.match(await viewersOf(stageArn), { totalViewers: 2, activeViewers: 2, viewers: [{ userId: 'viewer-456' }, { userId: 'walk-in', participantId: '' }] })
    for (const path of ['/api/viewer/heartbeat', '/api/viewer/leave']) expectError(t, await post(path, { userId: 'viewer-456', stageArn: UNKNOWN }), ERROR.notFound, path)
    for (const about of ['leaves', 'leaves again']) {
      const left = expectSuccess(t, await post('/api/viewer/leave', { userId: 'viewer-456', stageArn }), about, { message: '觀眾離開記錄成功' })
      t.strictSame(left, { userId: 'viewer-456', stageArn, viewerLeft: true })
    }
    expectSuccess(t, await post('/api/viewer/leave', { userId: 'never-there', stageArn }), 'was never there', { message: '觀眾離開記錄成功' })
    await post('/api/viewer/leave', { userId: 'walk-in', stageArn })
    t.match(await viewersOf(stageArn), { totalViewers: 0, activeViewers: 0, viewers: [] })
  })

  await t.test('9.1, added: POST /api/viewer/heartbeats', async t => {
    const stageArn = await masterArn()
    const path = '/api/viewer/heartbeats'
    const { participantId } = expectSuccess(t, await post('/api/token/viewer', { userId: 'viewer-456', stageArn }), 'a token')
    const [before] = (await viewersOf(stageArn)).viewers
    const done = (userId: string) => ({ success: true, data: { userId, stageArn, heartbeatUpdated: true } })
    const wrong = (details: object) => ({ success: false, error: { code: 'VALIDATION_ERROR', details } })
    const sent = ['viewer-456', 'walk-in', 'viewer-456'].map(userId => ({ userId, stageArn, unknown: 'ignored' }))
    const data = expectSuccess(t, await post(path, { heartbeats: sent }), 'as the single ones')
    t.strictSame(data, { updated: 3, results: [done('viewer-456'), done('walk-in'), done('viewer-456')] })
    t.match(await viewersOf(stageArn), { totalViewers: 2, viewers: [{ ...before, participantId, lastHeartbeat: ISO }, { userId: 'walk-in', participantId: '' }] })
    t.ok((await viewersOf(stageArn)).viewers[0].lastHeartbeat >= before.lastHeartbeat)

    const mixed = [
      { userId: 'viewer-456', stageArn: UNKNOWN }, {}, { userId: '', stageArn }, { userId: 5, stageArn }, 'x', null, [], { userId: 'x'.repeat(129), stageArn: 'y' },
      { userId: 'viewer-456', stageArn }
    ]
    const { updated, results } = expectSuccess(t, await post(path, { heartbeats: mixed }), 'one that fails leaves the others as they are')
    t.equal(updated, 1)
    t.strictSame(results[0], { success: false, error: { code: 'NOT_FOUND', message: '資源不存在' } })
    t.strictSame(results[1], { success: false, error: { code: 'VALIDATION_ERROR', message: '缺少必要參數', details: { missingFields: ['userId', 'stageArn'] } } })
    t.strictSame(results[2].error, { code: 'VALIDATION_ERROR', message: '缺少 userId', details: { missingFields: ['userId'] } })
    t.match(results.slice(3, 8), [wrong({ invalidFields: ['userId'] }), ...['x', null, []].map(() => wrong({ invalidFields: ['heartbeat'] })), wrong({ invalidFields: ['userId'], reason: /128/ })])
    t.strictSame(results[8], done('viewer-456'))
    // The error is that of the single one, but for what is no object: that has no fields, and no body of its own.
    for (const [index, one] of mixed.slice(0, 4).entries()) t.strictSame(results[index].error, (await post('/api/viewer/heartbeat', one as object)).json.error)

    t.strictSame(expectSuccess(t, await post(path, { heartbeats: [] }), 'nobody said anything'), { updated: 0, results: [] })
    for (const body of [{}, { heartbeats: null }, { heartbeats: '' }]) expectMissing(t, await post(path, body), ['heartbeats'], JSON.stringify(body))
    for (const heartbeats of ['x', 5, { 0: sent[0] }]) expectInvalid(t, await post(path, { heartbeats }), ['heartbeats'], JSON.stringify(heartbeats))
    expectInvalid(t, await ask('POST', path, { headers: { ...KEY, 'content-type': 'application/json' }, body: JSON.stringify(sent) }), ['body'], 'the list alone')
    const most = Array.from({ length: server.config.maxHeartbeats }, () => sent[0])
    t.ok(JSON.stringify(most).length > server.config.maxBodyBytes, 'it has room for more than other bodies')
    t.equal(expectSuccess(t, await post(path, { heartbeats: most }), 'as many as there may be').updated, most.length)
    expectInvalid(t, await post(path, { heartbeats: [...most, sent[0]] }), ['heartbeats'], 'one more')
    for (const userId of ['viewer-456', 'walk-in']) await post('/api/viewer/leave', { userId, stageArn })
  })

  await t.test('9.3 GET /api/viewer/list', async t => {
    const stageArn = await masterArn()
    for (let index = 0; index < 5; index++) await post('/api/token/viewer', { userId: `listed-${index}`, stageArn })
    for (const path of [stageArn, encodeURIComponent(stageArn)]) {
      const data = expectSuccess(t, await get(`/api/viewer/list/${path}`), path)
      t.strictSame(Object.keys(data), ['stageArn', 'totalViewers', 'activeViewers', 'viewers'])
      t.match(data, { stageArn, totalViewers: 5, activeViewers: 5 })
      t.strictSame(data.viewers.map(({ userId }: { userId: string }) => userId), [0, 1, 2, 3, 4].map(index => `listed-${index}`))
    }
    for (const path of [UNKNOWN, encodeURIComponent(UNKNOWN), 'x', '']) expectError(t, await get(`/api/viewer/list/${path}`), ERROR.notFound, path)
    for (let index = 0; index < 5; index++) await post('/api/viewer/leave', { userId: `listed-${index}`, stageArn })
  })

  await t.test('9.4 GET /api/viewer/duration', async t => {
    const stageArn = await masterArn()
    await post('/api/token/viewer', { userId: 'watcher&=?', stageArn })
    const path = (arn: string, userId = 'watcher&=?') => `/api/viewer/duration?userId=${encodeURIComponent(userId)}&stageArn=${arn}`
    for (const arn of [stageArn, encodeURIComponent(stageArn)]) {
      const data = expectSuccess(t, await get(path(arn)), arn)
      t.strictSame(Object.keys(data), ['userId', 'stageArn', 'watchDurationSeconds', 'watchDurationFormatted'])
      t.match(data, { userId: 'watcher&=?', stageArn, watchDurationFormatted: `0分 ${data.watchDurationSeconds}秒` })
      t.ok(Number.isInteger(data.watchDurationSeconds) && data.watchDurationSeconds < 30)
    }
    await post('/api/viewer/leave', { userId: 'watcher&=?', stageArn })
    expectSuccess(t, await get(path(stageArn)), 'IVS-18: after it left')
    expectError(t, await get(path(stageArn, 'nobody')), ERROR.notFound, 'was never there')
    expectError(t, await get(path(UNKNOWN)), ERROR.notFound, 'an unknown stage')
    expectInvalid(t, await get(`/api/viewer/duration?userId=a&userId=b&stageArn=${stageArn}`), ['userId'], 'twice')
  })

  await t.test('10: statistics', async t => {
    const stageArn = await masterArn()
    for (const userId of ['a', 'b', 'c']) await post('/api/token/viewer', { userId, stageArn })
    const custom = await newStage('counted')
    await post('/api/token/viewer', { userId: 'd', stageArn: custom })
    const data = expectSuccess(t, await get('/api/stats'), '10.1')
    t.strictSame(Object.keys(data), ['totalViewers', 'activeStages', 'isPublisherLive', 'stages'])
    t.match(data, { totalViewers: 4, activeStages: data.stages.length, isPublisherLive: Boolean })
    t.strictSame(Object.keys(data.stages[0]), ['stageArn', 'stageName', 'viewerCount', 'autoScaled', 'createdAt', 'phase', 'mediaPath'])
    t.match(data.stages[0], { stageArn, stageName: String, viewerCount: 3, autoScaled: false, createdAt: ISO })
    t.match(data.stages.find((one: { stageArn: string }) => one.stageArn === custom), { stageName: 'counted', viewerCount: 1 })
    t.equal(data.stages.reduce((sum: number, { viewerCount }: { viewerCount: number }) => sum + viewerCount, 0), data.totalViewers)
    t.strictSame(expectSuccess(t, await get('/api/stats/viewers'), '10.2'), { totalViewers: 4, calculatedFrom: 'real-time sum' })
    t.match(expectSuccess(t, await get('/api/stage/master/info'), 'the same number'), { viewerCount: 3 })
    const live = expectSuccess(t, await get('/api/stats/publisher'), '10.3')
    t.strictSame(live, { isPublisherLive: data.isPublisherLive })
    for (const userId of ['a', 'b', 'c']) await post('/api/viewer/leave', { userId, stageArn })
    await post('/api/viewer/leave', { userId: 'd', stageArn: custom })
    await ask('DELETE', `/api/stage/${custom}`)
    t.match(expectSuccess(t, await get('/api/stats'), 'afterwards'), { totalViewers: 0 })
  })

  await t.test('13: old names are nowhere', async t => {
    const stageArn = await masterArn()
    await post('/api/token/viewer', { userId: 'old', stageArn })
    const answers: Answer[] = []
    for (const path of ['/api/stats', '/api/stats/publisher', '/api/stage/list', '/api/stage/master/info', `/api/viewer/list/${stageArn}`, `/api/viewer/duration?userId=old&stageArn=${stageArn}`]) answers.push(await get(path))
    t.ok(answers.every(({ status }) => status === 200))
    t.notMatch(answers.map(({ text }) => text).join('\n'), /"(info|isLive|watchDuration|isMaster)":/)
    await post('/api/viewer/leave', { userId: 'old', stageArn })
  })

  await t.test('3: HEAD is GET without the body; methods that read need no content type', async t => {
    t.match(await ask('HEAD', '/api/stats'), { status: 200, text: '' })
    t.match(await ask('HEAD', '/health', { headers: {} }), { status: 200, text: '' })
    expectSuccess(t, await ask('GET', '/api/stats', { headers: { ...KEY, 'content-type': 'application/json' } }), 'a GET that says it has JSON')
    const arn = await newStage('headers')
    expectSuccess(t, await ask('DELETE', `/api/stage/${arn}`, { headers: { ...KEY, 'content-type': 'application/json' } }), 'a DELETE too', { message: 'Stage 已刪除' })
  })

  await server.close()
}

/** Where it is full: seats and stages, with the limits of the contract. */
export async function fullSuite (t: Test, start: StartIvs): Promise<void> {
  await t.test('12, IVS-22: the master takes 49 viewers, another stage 50', async t => {
    const server = await start(t, { ivs: { maxStages: 2, stageWaitMs: 0 } })
    const { ask, get, post } = server
    const { stage: { arn: master } } = expectSuccess(t, await get('/api/stage/master/info'), 'the master')
    const { stage: { arn: custom } } = expectSuccess(t, await post('/api/stage', { name: 'custom' }), 'a stage', { status: 201 })
    const fill = async (stageArn: string, seats: number, name: string) => {
      const answers = await Promise.all(Array.from({ length: seats }, async (_, index) => await post('/api/token/viewer', { userId: `${name}-${index}`, stageArn })))
      t.ok(answers.every(({ status }) => status === 200), `${seats} on ${name}`)
      t.equal(Math.max(...answers.map(({ json }) => json.data.currentViewers)), seats)
      expectError(t, await post('/api/token/viewer', { userId: `${name}-more`, stageArn }), ERROR.viewerTokenFull, `one more on ${name}`)
      expectError(t, await post('/api/viewer/heartbeat', { userId: `${name}-more`, stageArn }), ERROR.stageFull, 'IVS-16: a heartbeat without a seat')
      expectSuccess(t, await post('/api/viewer/heartbeat', { userId: `${name}-0`, stageArn }), 'a heartbeat with one', { message: '心跳更新成功' })
      const { updated, results } = expectSuccess(t, await post('/api/viewer/heartbeats', { heartbeats: Array.from({ length: seats + 5 }, (_, index) => ({ userId: `${name}-${index}`, stageArn })) }), 'heartbeats of all, and of five more')
      t.equal(updated, seats)
      t.match(results.slice(seats), Array.from({ length: 5 }, () => ({ success: false, error: { code: ERROR.stageFull[1], message: ERROR.stageFull[2] } })))
      expectSuccess(t, await post('/api/token/viewer', { userId: `${name}-0`, stageArn }), 'IVS-26: a new token for who has a seat')
    }
    await fill(custom, 50, 'custom')
    await fill(master, 49, 'master')
    expectError(t, await post('/api/token/viewer', { userId: 'anywhere' }), ERROR.viewerTokenFull, 'wherever there is a seat: nowhere')
    t.strictSame(expectError(t, await ask('DELETE', `/api/stage/${custom}`), ERROR.notEmpty, 'not empty'), { viewerCount: 50 })
    await post('/api/viewer/leave', { userId: 'master-7', stageArn: master })
    t.match(expectSuccess(t, await post('/api/token/viewer', { userId: 'anywhere' }), 'a seat is free'), { stageArn: master, currentViewers: 49 })
    await server.close()
  })

  await t.test('8.3, 12: twenty stages, the master among them', async t => {
    const server = await start(t)
    const { ask, get, post } = server
    const there = expectSuccess(t, await get('/api/stage/list'), 'list').totalStages
    const answers = await Promise.all(Array.from({ length: 25 }, async (_, index) => await post('/api/stage', { name: `stage-${index}` })))
    const made = answers.filter(({ status }) => status === 201)
    t.equal(made.length, 20 - there, 'as many as there may be, however many ask at once')
    for (const answer of answers.filter(({ status }) => status !== 201)) expectError(t, answer, ERROR.newStageLimit, 'one more')
    t.equal(expectSuccess(t, await get('/api/stage/list'), 'list').totalStages, 20)
    await ask('DELETE', `/api/stage/${made[0]!.json.data.stage.arn}`)
    expectSuccess(t, await post('/api/stage', { name: 'again' }), 'there is room', { status: 201 })
    await server.close()
  })
}
