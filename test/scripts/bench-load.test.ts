import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import t from 'tap'
import { Audience, dueAfter } from '../bench/load/audience.ts'
import { delaysOf } from '../bench/load/delays.ts'

t.test('a steady rate: how many are due', async t => {
  t.equal(dueAfter(0, 333), 0)
  t.equal(dueAfter(2.9, 333), 0)
  t.equal(dueAfter(3.1, 333), 1)
  t.equal(dueAfter(30_000, 10_000 / 30), 10_000)
})

t.test('heartbeats of an audience: each in a request of its own, or together; on connections that are new', async t => {
  const bodies: Array<{ path: string, body: any }> = []
  let connections = 0
  const server = createServer((request, response) => {
    void buffer(request).then(bytes => {
      const body = JSON.parse(bytes.toString())
      bodies.push({ path: request.url!, body })
      response.end(JSON.stringify({ data: { stageArn: 'a stage', updated: (body.heartbeats?.length ?? 0) - 1 } }))
    })
  }).on('connection', () => { connections++ }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const audience = new Audience({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKey: 'a key', viewers: 4 })
  t.teardown(() => {
    audience.close()
    server.close()
  })
  const beat = async (togetherMs?: number) => {
    bodies.length = 0
    connections = 0
    return await audience.beat({ perSecond: 100, forMs: 100, ...(togetherMs === undefined ? {} : { togetherMs }) })
  }
  await audience.takeSeats()
  t.match(await beat(), { asked: 10, failed: 0, latencies: { length: 10 } })
  t.strictSame(bodies.map(({ path, body }) => [path, body.stageArn]), Array.from({ length: 10 }, () => ['/api/viewer/heartbeat', 'a stage']))
  t.strictSame(new Set(bodies.map(({ body }) => body.userId)).size, 4, 'one after the other')
  t.ok(connections > 0, 'those of before may have been idle for too long')
  const { latencies, ...report } = await beat(40)
  t.match(report, { asked: 10, failed: latencies.length }, 'each request has one that failed')
  t.equal(latencies.length, bodies.length)
  t.ok(bodies.length > 0 && bodies.length <= 3, `${bodies.length}`)
  t.strictSame(bodies.flatMap(({ body }) => body.heartbeats).map(({ userId, stageArn }) => [userId, stageArn]), Array.from({ length: 10 }, (_, index) => [`viewer-${index % 4}`, 'a stage']))
})

t.test('what a message took is counted from its tick', async t => {
  const updates = [{ timestamp: 'one', dueAt: 100 }, { timestamp: 'two', dueAt: 200 }]
  t.strictSame(delaysOf([{ timestamp: 'one', arrivedAt: [101, 105] }, { timestamp: 'two', arrivedAt: [250] }], updates), [1, 5, 50])
  t.strictSame(delaysOf([{ timestamp: 'unknown', arrivedAt: [1] }], updates), [])
  t.strictSame(delaysOf([], updates), [])
})
