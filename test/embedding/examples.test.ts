import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import * as ownLogin from '../../examples/own-login.ts'
import * as twoStages from '../../examples/two-stages.ts'
import * as wholeSite from '../../examples/whole-site.ts'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { certificate } from './certificate.ts'
import { embeddedAt, listen, newFolder, type What } from './host.ts'
import { tryBroadcast, tryPages } from './live.ts'

const SECRET = 'a secret of at least 32 characters'

async function run (t: Test, app: unknown, what: What, prefix: string, ca?: string) {
  const url = await listen(t, app as FastifyInstance)
  return embeddedAt(t, url, { what, prefix, streamsDir: '', ...(ca === undefined ? {} : { ca }) })
}

t.test('own-login.ts: who is logged in publishes, nobody else does', async t => {
  const place = await run(t, await ownLogin.build({ secret: SECRET, streamsDir: await newFolder(t) }), 'livestream', '/media')
  t.match(await http(place, '/'), { status: 200, text: /My site/ })
  t.match(await http(place, '/login', { method: 'POST', body: { name: 'alice', password: 'wrong' } }), { status: 401 })
  const { token } = (await http(place, '/login', { method: 'POST', body: { name: 'alice', password: 'open sesame' } })).json
  t.match(await newClient(place).ask('start-stream', { streamKey: 'alice', userId: 'alice' }), { code: 'UNAUTHORIZED' })
  const alice = await newBroadcaster(place, 'alice', { auth: { token } })
  const published = alice.heard.next('stream-segments-updated')
  await sendAll(alice, 'alice', inPieces(await recording({ seconds: 3 }), 4))
  await published
  t.equal((await http(place, '/media/livestream/alice/live.m3u8')).status, 200)
  t.match(await alice.ask('start-stream', { streamKey: 'bob', userId: 'alice' }), { code: 'UNAUTHORIZED' }, 'on her own stream')
})

t.test('whole-site.ts: pages and all below /live, over HTTPS', async t => {
  const tls = await certificate(t)
  if (tls === undefined) return
  const place = await run(t, await wholeSite.build({ tls: { key: tls.key, cert: tls.cert }, streamsDir: await newFolder(t) }), 'headwater', '/live', tls.cert)
  t.match(await http(place, '/'), { status: 200, text: /My site/ })
  t.match(await http(place, '/nowhere'), { status: 404, text: /Not here/ })
  t.match((await http(place, '/live/livestream/a/nothing')).json, { code: 'NOT_FOUND' })
  await tryBroadcast(t, place, 'websocket')
  await tryPages(t, place)
})

t.test('whole-site.ts without TLS, for a proxy', async t => {
  const place = await run(t, await wholeSite.build({ streamsDir: await newFolder(t) }), 'headwater', '/live')
  await tryBroadcast(t, place, 'polling')
})

t.test('two-stages.ts: two with rules of their own, and what happened on one of them', async t => {
  const app = await twoStages.build({ streamsDir: await newFolder(t) })
  const main = await run(t, app, 'livestream', '/main')
  const rehearsal = embeddedAt(t, main.url, { what: 'livestream', prefix: '/rehearsal', streamsDir: '' })
  await tryBroadcast(t, rehearsal, 'websocket')
  t.strictSame((await http(main, '/main/happened')).json, [])
  await tryBroadcast(t, main, 'websocket')
  t.strictSame((await http(main, '/main/happened')).json, ['alice went live on over-websocket', 'over-websocket is over: ended by owner'])
  for (const key of ['a', 'b']) await newBroadcaster(main, key)
  t.match(await newClient(main).ask('start-stream', { streamKey: 'c', userId: 'alice' }), { code: 'SERVER_BUSY' }, 'its own limit')
  await newBroadcaster(rehearsal, 'c')
})
