import t from 'tap'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, HEAD, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization'
}
const JSON_TYPE = { 'content-type': 'application/json' }

for (const standalone of [false, true]) {
  t.test(standalone ? 'the standalone server' : 'the plugin in a bare Fastify', async t => {
    const server = await startServer(t, { standalone })
    const client = await newBroadcaster(server, 'edge')
    await sendAll(client, 'edge', inPieces(await recording({ seconds: 3 }), 3))
    await client.heard.next('stream-segments-updated')

    const GETS: Array<[path: string, status: number]> = [
      ['/livestream/edge/stream.m3u8', 200],
      ['/livestream/edge/live.m3u8', 200],
      ['/livestream/edge/segment_0.ts', 200],
      ['/livestream/edge/thumbnail.jpg', 200],
      ['/livestream/edge/status', 200],
      ['/livestream/active', 200],
      ['/livestream/health', 200],
      ['/livestream/edge/debug', 200],
      ['/livestream/unknown/stream.m3u8', 404],
      ['/livestream/unknown/thumbnail.jpg', 404],
      ['/livestream/edge/segment_99.ts', 404],
      ['/livestream/edge/segment_x.ts', 400],
      ['/livestream/..%2f..%2fetc/status', 400],
      ['/livestream/edge/nothing', 404],
      ['/livestream/nothing', 404],
      ['/livestream', 404],
      ['/livestream/', 404]
    ]

    t.test('8: CORS on every answer, errors and unknown paths too; HEAD works on GET routes and says the same', async t => {
      for (const [path, status] of GETS) {
        const answer = await http(server, path)
        t.equal(answer.status, status, path)
        t.match(answer.headers, CORS)
        const head = await http(server, path, { method: 'HEAD' })
        t.equal(head.status, status, `HEAD ${path}`)
        t.match(head.headers, CORS)
        t.equal(head.bytes.length, 0)
        for (const name of ['content-type', 'cache-control']) t.equal(head.headers[name], answer.headers[name], name)
        if (/m3u8$|ts$|jpg$/.test(path) && status === 200) t.equal(head.headers['content-length'], answer.headers['content-length'])
      }
      for (const path of ['/livestream/edge/start', '/livestream/edge/stop']) {
        const answer = await http(server, path, { method: 'POST' })
        t.equal(answer.status, 400)
        t.match(answer.headers, CORS)
        t.equal((await http(server, path)).status, 404, 'not a GET route')
      }
      for (const method of ['PUT', 'DELETE', 'PATCH', 'POST']) {
        const answer = await http(server, '/livestream/edge/status', { method })
        t.equal(answer.status, 404, method)
        t.match(answer.headers, CORS)
        t.match(answer.json, { error: String, code: 'NOT_FOUND' })
      }
    })

    t.test('8: OPTIONS preflight on every path', async t => {
      for (const path of [...GETS.map(([path]) => path).filter(path => path !== '/livestream'), '/livestream/edge/start', '/livestream/edge/stop']) {
        const answer = await http(server, path, {
          method: 'OPTIONS', headers: { origin: 'https://example.com', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, authorization' }
        })
        t.equal(answer.status, 204, path)
        t.match(answer.headers, CORS)
        t.equal(answer.bytes.length, 0)
      }
      t.equal((await http(server, '/livestream/edge/start', { method: 'OPTIONS', headers: JSON_TYPE })).status, 204)
    })

    t.test('8: the Socket.IO handshake has the same open policy, its errors too', async t => {
      const path = '/socket.io/?EIO=4&transport=polling'
      const origin = 'https://example.com'
      const handshake = await http(server, path, { headers: { origin } })
      t.equal(handshake.status, 200)
      t.match(handshake.text, /^0\{"sid":/)
      t.match(handshake.headers, { 'access-control-allow-origin': '*' })
      const { sid } = JSON.parse(handshake.text.slice(1))
      const posted = await http(server, `${path}&sid=${sid}`, { method: 'POST', headers: { origin, 'content-type': 'text/plain' }, body: '40' })
      t.match(posted, { status: 200, headers: { 'access-control-allow-origin': '*' } })
      const preflight = await http(server, path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } })
      t.equal(preflight.status, 204)
      t.match(preflight.headers, { 'access-control-allow-origin': '*', 'access-control-allow-methods': /POST/, 'access-control-allow-headers': /content-type/i })
      for (const bad of ['/socket.io/?EIO=4&transport=pigeon', '/socket.io/?EIO=4&transport=polling&sid=unknown']) {
        t.match(await http(server, bad, { headers: { origin } }), { status: 400, headers: { 'access-control-allow-origin': '*' } }, bad)
      }
    })

    t.test('HLS-01: Content-Type: application/json without a body is no error', async t => {
      for (const [path, status] of GETS) {
        t.equal((await http(server, path, { headers: JSON_TYPE })).status, status, path)
        const viaFetch = await fetch(`${server.url}/livestream/edge/status`, { headers: JSON_TYPE })
        t.equal(viaFetch.status, 200)
        await viaFetch.arrayBuffer()
      }
      const empty = await http(server, '/livestream/edge/start', { method: 'POST', headers: JSON_TYPE, body: '' })
      t.equal(empty.status, 400, 'no body is no action')
      t.match(empty.json, { error: /body|action/i, code: 'INVALID_REQUEST' })
      t.equal((await http(server, '/livestream/edge/status', { method: 'GET', headers: JSON_TYPE, body: '{}' })).status, 200)
    })

    t.test('HLS-14: errors that no handler throws have the same body', async t => {
      const start = async (headers: Record<string, string>, body: string) => await http(server, '/livestream/edge/start', { method: 'POST', headers, body })
      const cases = [
        { answer: await start(JSON_TYPE, '{"action":'), status: 400, code: 'INVALID_REQUEST' },
        { answer: await start(JSON_TYPE, '\u0000'), status: 400, code: 'INVALID_REQUEST' },
        { answer: await start({ 'content-type': 'application/xml' }, '<start/>'), status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
        { answer: await start({ 'content-type': 'text/plain' }, 'start'), status: 400, code: 'INVALID_REQUEST' },
        { answer: await start(JSON_TYPE, JSON.stringify({ action: 'start', timestamp: 1, title: 'x'.repeat(2 << 20) })), status: 413, code: 'PAYLOAD_TOO_LARGE' },
        { answer: await start(JSON_TYPE, JSON.stringify({ action: 'start', timestamp: 1, title: 'x'.repeat(2_001) })), status: 400, code: 'INVALID_REQUEST' },
        { answer: await http(server, '/livestream/edge/nothing'), status: 404, code: 'NOT_FOUND' },
        { answer: await http(server, `/livestream/${'k'.repeat(10_000)}/status`), status: 400, code: 'INVALID_REQUEST' }
      ]
      for (const { answer, status, code } of cases) {
        t.equal(answer.status, status, code)
        t.match(answer.headers, { ...CORS, 'content-type': /^application\/json/ })
        t.match(answer.json, { error: String, code })
        t.ok(Object.keys(answer.json).every(name => ['error', 'code', 'streamKey'].includes(name)), 'nothing else')
      }
    })

    t.test('9: no authentication; foreign cookies and credentials are no matter', async t => {
      t.equal((await http(server, '/livestream/edge/stream.m3u8', { headers: { authorization: 'Bearer nonsense', cookie: 'a=b' } })).status, 200)
    })

    t.test('no header tells what the server is made of', async t => {
      const { headers } = await http(server, '/livestream/health')
      t.equal(headers['x-powered-by'], undefined)
      t.equal(headers['server'], undefined)
    })
  })
}

t.test('X-02: a path that belongs to no API, on the standalone server', async t => {
  const server = await startServer(t, { standalone: true })
  for (const path of ['/nowhere', '/livestreams/a/status', '/a?b=c']) {
    const answer = await http(server, path)
    t.equal(answer.status, 404, path)
    t.strictSame(Object.keys(answer.json).sort(), ['code', 'error'])
    t.equal(answer.json.code, 'NOT_FOUND')
    t.notMatch(answer.json.error, /\?/, 'the query is not repeated')
  }
})

t.test('a malformed URL on the standalone server: 400 in the same form', async t => {
  const server = await startServer(t, { standalone: true })
  for (const path of ['/livestream/%zz/status', '/livestream/%/stream.m3u8', '/livestream/%c3%28/status', '/livestream/a/segment_%zz.ts']) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const answer = await http(server, path, { method })
      t.equal(answer.status, 400, `${method} ${path}`)
      t.match(answer.headers, CORS)
      if (method === 'GET') t.match(answer.json, { error: String, code: 'INVALID_REQUEST' })
    }
  }
  t.equal((await http(server, '/livestream/health')).status, 200)
})
