import t from 'tap'
import { serverRoot, socketAddress, streamUrl } from '../../src/client/server-address.ts'

t.test('addresses', async t => {
  for (const [server, root] of [
    ['https://host', 'https://host/'],
    ['https://host/video', 'https://host/video/'],
    ['https://host/video/?a=1#b', 'https://host/video/']
  ] as const) {
    t.equal(serverRoot({ server }).href, root)
  }
  const root = serverRoot({ server: new URL('https://host:8443/video/') })
  t.strictSame(socketAddress(root), { origin: 'https://host:8443', path: '/video/socket.io' })
  t.equal(streamUrl(root, 'a/b', 'live.m3u8').href, 'https://host:8443/video/livestream/a%2Fb/live.m3u8')
})

t.test('relative to the page', async t => {
  t.throws(() => serverRoot({}), TypeError)
  const page = globalThis as { document?: unknown }
  page.document = { baseURI: 'https://host/video/' }
  t.teardown(() => { delete page.document })
  t.equal(serverRoot({}).href, 'https://host/video/')
  t.equal(serverRoot({ server: '/other' }).href, 'https://host/other/')
})
