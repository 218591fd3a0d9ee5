import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { http } from '../fixtures/http.ts'
import { embed, embeddedAt, listen, newFolder, newHost, type Embedded, type What } from './host.ts'
import { tryBroadcast, tryPages } from './live.ts'

/** @param inside the prefix at which it is registered @param base its `publicBaseUrl` */
async function behind (t: Test, what: What, inside: string, base: string): Promise<Embedded> {
  const streamsDir = await newFolder(t)
  const app = newHost()
  await embed(app, what, streamsDir, { prefix: inside, options: { publicBaseUrl: base } })
  const upstream = await listen(t, app)
  const proxy = Fastify({ forceCloseConnections: true })
  await proxy.register(httpProxy, { upstream, prefix: '/media', rewritePrefix: inside === '' ? '/' : inside, websocket: true })
  return embeddedAt(t, await listen(t, proxy), { what, streamsDir, prefix: '/media' })
}

for (const what of ['livestream', 'headwater'] as const) {
  for (const [kind, inside, base] of [['takes a path prefix away', '', '/media'], ['keeps it', '/media', '']] as const) {
    t.test(`${what} behind a proxy that ${kind}`, async t => {
      const embedded = await behind(t, what, inside, base)
      for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embedded, transport)
      if (what === 'headwater') await tryPages(t, embedded)
    })
  }
}

t.test('PUBLIC_BASE_URL stands before the addresses of all answers', async t => {
  for (const [base, begins] of [['https://live.example.org/media', 'https://live.example.org/media/in/livestream/'], ['', '/in/livestream/']] as const) {
    const app = newHost()
    await embed(app, 'livestream', await newFolder(t), { prefix: '/in', options: { publicBaseUrl: base } })
    const url = await listen(t, app)
    const body = { action: 'start', timestamp: 1 }
    t.match(await http({ url }, '/in/livestream/a/start', { method: 'POST', body }), { json: { playbackUrl: `${begins}a/stream.m3u8` } })
    t.match(await http({ url }, '/in/livestream/active'), { json: { streams: [{ playbackUrl: `${begins}a/stream.m3u8`, thumbnailUrl: `${begins}a/thumbnail.jpg` }] } })
  }
  for (const base of ['media', 'ftp://a', '/media/', 'https://a.example/?b', 'javascript:alert(1)', '//a.example', 'https://a b']) {
    await t.rejects(async () => await embed(newHost(), 'livestream', await newFolder(t), { options: { publicBaseUrl: base } }), { code: 'CONFIG_INVALID', message: /publicBaseUrl/ }, base)
  }
})
