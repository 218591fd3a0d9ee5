import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { io } from 'socket.io-client'
import t from 'tap'
import { WebSocket } from 'ws'
import { API_KEY, startIvs } from '../../fixtures/ivs-server.ts'
import { openLive } from '../../fixtures/live-client.ts'

const SUBSCRIBE = { action: 'subscribe', channel: 'stats' }
const OPERATE = { action: 'subscribe', channel: 'operations' }
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What an upgrade is answered that is none. */
async function refusalOf (url: string): Promise<{ status: number, body: any }> {
  const socket = new WebSocket(new URL('/ws', url.replace(/^http/, 'ws')))
  const [, answer] = await once(socket, 'unexpected-response') as [unknown, IncomingMessage]
  return { status: answer.statusCode!, body: await json(answer) }
}

t.test('11: live statistics', async t => {
  const lines: string[] = []
  const server = await startIvs(t, { ivs: { statisticsSeconds: 0.2, rateLimit: 20 }, log: line => { lines.push(line) } })
  const client = await openLive(t, server.url)

  await t.test('nothing comes without a subscription', async t => {
    await delay(500)
    t.strictSame(client.rest(), [])
  })

  await t.test('IVS-21: the first at once and without an acknowledgement, the others with the interval', async t => {
    const from = performance.now()
    client.say(SUBSCRIBE)
    const first = await client.next()
    t.match(first, { type: 'stats_update', data: { totalViewers: 0, activeStages: 1, isPublisherLive: false, timestamp: TIMESTAMP } })
    t.strictSame([Object.keys(first), Object.keys(first.data)], [['type', 'data'], ['totalViewers', 'activeStages', 'isPublisherLive', 'timestamp']])
    for (let message = 0; message < 5; message++) t.equal((await client.next()).type, 'stats_update')
    t.ok(performance.now() - from >= 900, 'five intervals of 0.2 s')
  })

  await t.test('they say what the API says', async t => {
    const until = async (fits: (data: any) => boolean) => {
      for (;;) {
        const { data } = await client.next()
        if (fits(data)) return data
      }
    }
    t.equal((await server.post('/api/token/viewer', { userId: 'v1' })).status, 200)
    t.equal((await server.post('/api/token/viewer', { userId: 'v2' })).status, 200)
    await until(({ totalViewers }) => totalViewers === 2)
    t.equal((await server.post('/api/token/publisher', { userId: 'p1' })).status, 200)
    await until(({ isPublisherLive }) => isPublisherLive)
    t.equal((await server.post('/api/stage', { name: 'custom-1' })).status, 201)
    await until(({ activeStages }) => activeStages === 2)
    const { json: { data: { stages, ...totals } } } = await server.get('/api/stats')
    t.match(await until(() => true), totals)
    t.equal(stages.length, 2)
  })

  await t.test('IVS-21: what makes no sense is told, and the socket stays', async t => {
    const other = await openLive(t, server.url)
    for (const [text, error] of [
      ['no JSON', { message: '請求參數驗證失敗' }],
      ['[]', { message: '請求參數驗證失敗' }],
      ['{"action":"subscribe"}', { message: '缺少 channel', details: { missingFields: ['channel'] } }],
      ['{}', { message: '缺少必要參數', details: { missingFields: ['action', 'channel'] } }],
      ['{"action":"subscribe","channel":"viewers"}', { message: '請求參數驗證失敗', details: { invalidFields: ['channel'] } }],
      ['{"action":"listen","channel":"stats"}', { message: '請求參數驗證失敗', details: { invalidFields: ['action'] } }]
    ] as const) {
      other.say(text)
      t.match(await other.next(), { type: 'error', error: { code: 'VALIDATION_ERROR', ...error } }, text)
    }
    other.say(SUBSCRIBE)
    t.equal((await other.next()).type, 'stats_update')
  })

  await t.test('unsubscribed, nothing comes any more', async t => {
    client.say({ action: 'unsubscribe', channel: 'stats' })
    client.say('?')
    while ((await client.next()).type !== 'error');
    await delay(500)
    t.strictSame(client.rest(), [])
  })

  await t.test('operations (added): for who has the key', async t => {
    const operator = await openLive(t, server.url)
    for (const apiKey of [undefined, '', `${API_KEY} `]) {
      operator.say({ ...OPERATE, apiKey })
      t.strictSame(await operator.next(), { type: 'error', error: { code: 'UNAUTHORIZED', message: '未授權' } })
    }
    operator.say({ ...OPERATE, apiKey: API_KEY })
    t.match(await operator.next(), {
      type: 'operations_update',
      data: {
        totalViewers: 2,
        publisher: { isLive: true, participantId: String, asOf: TIMESTAMP, source: /^(poll|event)$/ },
        stages: [{ name: 'master-stage', role: 'master', phase: 'ready', mediaPath: 'source', viewerCount: 2, seats: 49, createdAt: TIMESTAMP }, { name: 'custom-1', role: 'custom', seats: 50 }],
        maxStages: 20,
        everySeconds: 0.2
      }
    })
    operator.socket.close()
  })

  await t.test('IVS-06: sockets are not counted among the requests', async t => {
    const more = await Promise.all(Array.from({ length: 30 }, async () => await openLive(t, server.url)))
    t.equal((await server.get('/api/stats')).status, 200)
    for (const { socket } of more) socket.terminate()
  })

  await t.test('beside Socket.IO', async t => {
    for (const transport of ['websocket', 'polling']) {
      const socket = io(server.url, { transports: [transport], forceNew: true, reconnection: false })
      await new Promise<void>((resolve, reject) => {
        socket.on('connect', resolve)
        socket.on('connect_error', reject)
      })
      t.equal(socket.io.engine.transport.name, transport)
      socket.disconnect()
    }
    client.say(SUBSCRIBE)
    t.equal((await client.next()).type, 'stats_update')
  })

  await t.test('plain HTTP is answered in the envelope', async t => {
    t.match(await server.get('/ws'), { status: 404, json: { success: false, error: { code: 'NOT_FOUND' }, timestamp: TIMESTAMP } })
  })

  await t.test('the end is told, and no key is in the log', async t => {
    await server.close()
    t.equal((await client.closed).code, 1001)
    t.ok(lines.length > 0)
    t.strictSame(lines.filter(line => line.includes(API_KEY)), [])
  })
})

t.test('who may not have a socket is told in the envelope', async t => {
  const server = await startIvs(t, { ivs: { maxSockets: 1 } })
  await openLive(t, server.url)
  const refused = await refusalOf(server.url)
  t.match(refused, { status: 503, body: { success: false, error: { code: 'SERVICE_UNAVAILABLE', message: '服務不可用' } } })
})
