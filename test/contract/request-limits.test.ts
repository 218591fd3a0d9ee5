import t, { type Test } from 'tap'
import { http } from '../fixtures/http.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

/** Contract 7, HLS-16: the three classes of HTTP requests, per address and minute. */
const CLASSES: Record<string, Array<[method: string, path: string]>> = {
  streamRequestsPerMinute: [['GET', '/livestream/x/stream.m3u8'], ['GET', '/livestream/x/live.m3u8'], ['GET', '/livestream/x/segment_0.ts'], ['GET', '/livestream/x/thumbnail.jpg'], ['HEAD', '/livestream/x/stream.m3u8']],
  statusRequestsPerMinute: [['GET', '/livestream/x/status'], ['HEAD', '/livestream/x/status']],
  generalRequestsPerMinute: [['GET', '/livestream/active'], ['GET', '/livestream/health'], ['GET', '/livestream/x/debug'], ['POST', '/livestream/x/start'], ['POST', '/livestream/x/stop']]
}

async function statusOf (server: TestServer, [method, path]: [string, string]): Promise<number> {
  return (await http(server, path, { method })).status
}

for (const [setting, routes] of Object.entries(CLASSES)) {
  t.test(`HLS-16: ${setting}`, async t => {
    const server = await startServer(t, { options: { [setting]: 3 } })
    const [method, path] = routes[0]!
    for (let request = 0; request < 3; request++) {
      const answer = await http(server, path, { method })
      t.not(answer.status, 429)
      t.equal(answer.headers['x-ratelimit-limit'], '3')
    }
    const refused = await http(server, path, { method })
    t.equal(refused.status, 429)
    t.match(refused.headers, { 'content-type': /^application\/json/, 'access-control-allow-origin': '*' })
    const seconds = Number(refused.headers['retry-after'])
    t.ok(Number.isInteger(seconds) && seconds > 0 && seconds <= 60, `Retry-After: ${seconds}`)
    t.match(refused.json, { error: String, code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: Number })
    t.equal((await http(server, path, { method, headers: { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1' } })).status, 429, 'an address that anybody can claim does not count')
    if (process.platform === 'linux') t.not((await http(server, path, { method, from: '127.0.0.2' })).status, 429, 'another address has its own count')
    await checkClasses(t, server, setting)
    t.equal((await http(server, path, { method: 'OPTIONS' })).status, 204, 'a preflight is not counted')
  })
}

/** All routes of the class are refused now, and no other. */
async function checkClasses (t: Test, server: TestServer, refused: string): Promise<void> {
  for (const [setting, routes] of Object.entries(CLASSES)) {
    for (const route of routes) {
      const status = await statusOf(server, route)
      if (setting === refused) t.equal(status, 429, route.join(' '))
      else t.not(status, 429, route.join(' '))
    }
  }
}
