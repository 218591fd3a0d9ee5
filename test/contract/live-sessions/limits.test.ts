import t from 'tap'
import { startLiveSessions } from '../../fixtures/live-sessions-host.ts'

/** Requests a minute, with what each is asked with; what is named alike is counted together. */
const LIMITS: Array<[method: string, path: string, perMinute: number, body?: object]> = [
  ['POST', '/sessions', 30, {}],
  ['GET', '/sessions', 300],
  ['GET', '/sessions/1', 300],
  ['PATCH', '/sessions/1', 120, {}],
  ['DELETE', '/sessions/1', 60],
  ['POST', '/sessions/1/start', 60],
  ['POST', '/sessions/1/end', 60],
  ['GET', '/sessions/1/stats', 120],
  ['POST', '/sessions/1/invite', 30],
  ['POST', '/sessions/1/join', 60, {}],
  ['POST', '/sessions/1/leave', 120],
  ['PATCH', '/sessions/1/participants/1', 120, {}],
  ['POST', '/sessions/1/participants/1/kick', 120],
  ['POST', '/sessions/1/recording/start', 30],
  ['GET', '/recordings', 300]
]

t.test('every endpoint has a limit, and counts each account by itself', async t => {
  const host = await startLiveSessions(t, { sessions: { rateLimitMultiplier: 0.1 } })
  const mentor = await host.person('mentor')
  const other = await host.person('mentor')
  for (const [method, path, perMinute, body] of LIMITS) {
    await t.test(`${method} ${path}: ${perMinute} a minute`, async t => {
      const max = perMinute / 10
      const statuses = new Set<number>()
      for (let count = 1; count <= max; count++) {
        const { status, headers } = await host.ask(method, path, mentor, body)
        statuses.add(status)
        t.match(headers, { 'x-ratelimit-limit': String(max), 'x-ratelimit-remaining': String(max - count) }, `request ${count}`)
      }
      t.notOk(statuses.has(429), `${max} are answered: ${[...statuses].join()}`)
      const refused = await host.ask(method, path, mentor, body)
      t.match(refused, { status: 429, json: { error: new RegExp(`More than ${max} requests`), code: 'RATE_LIMIT_EXCEEDED' }, headers: { 'x-ratelimit-remaining': '0', 'retry-after': /^[1-9]\d?$/, 'cache-control': 'no-store' } })
      t.not((await host.ask(method, path, other, body)).status, 429, 'somebody else')
    })
  }
  t.equal((await host.ask('POST', '/sessions/1/recording/stop', mentor)).status, 429, 'recordings: starting and stopping are counted together')
  for (let count = 0; count < 30; count++) await host.ask('GET', '/sessions', null)
  t.equal((await host.ask('GET', '/sessions', null)).status, 429, 'who is not logged in is counted by the network')
})
