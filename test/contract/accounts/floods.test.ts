import { Agent, request } from 'node:http'
import t, { type Test } from 'tap'
import { startAccounts } from '../../fixtures/accounts-server.ts'
import { expectAnswer } from './expect.ts'

const LOGINS = 10_000
const AT_ONCE = 50
const MAX_GROWTH_MB = 150

interface Flood {
  /** How many answers of each status. */
  statuses: Record<number, number>
  seconds: number
}

/** Logs in with wrong passwords, many at a time over connections that stay. @param from the client's address, as a proxy says it */
async function flood (t: Test, url: string, count: number, from: (index: number) => string): Promise<Flood> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  t.teardown(() => agent.destroy())
  const { hostname, port } = new URL(url)
  const statuses: Record<number, number> = {}
  const one = async (index: number) => await new Promise<void>((resolve, reject) => {
    const body = JSON.stringify({ username: 'alice', password: `wrong-${index}` })
    const asking = request({ hostname, port, agent, method: 'POST', path: '/api/v1/auth/login', headers: { 'content-type': 'application/json', 'content-length': body.length, 'x-forwarded-for': from(index) } }, answer => {
      statuses[answer.statusCode!] = (statuses[answer.statusCode!] ?? 0) + 1
      answer.resume().once('end', resolve)
    })
    asking.once('error', reject)
    asking.end(body)
  })
  const began = performance.now()
  let next = 0
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await one(next++)
  }))
  return { statuses, seconds: (performance.now() - began) / 1000 }
}

const megabytes = () => process.memoryUsage().rss / 1e6

t.test('10,000 logins with wrong passwords', async t => {
  // Every password takes a hash of the default cost, and the limits are those of the contract.
  const server = await startAccounts(t, { server: { trustProxy: '1' }, accounts: { rateLimitMultiplier: 1, argon2MemoryKib: 19_456, argon2Passes: 2 } })
  const logIn = async (from: string, password: string) => await server.ask('POST', '/api/v1/auth/login', { headers: { 'x-forwarded-for': from }, body: { username: 'alice', password } })
  await server.ask('POST', '/api/v1/auth/register', { headers: { 'x-forwarded-for': '192.0.2.200' }, body: { username: 'alice', email: 'alice@example.com', password: 'right-password' } })

  await t.test('from one address: five are tried in a minute, and the others cost next to nothing', async t => {
    const before = megabytes()
    const { statuses, seconds } = await flood(t, server.url, LOGINS, () => '192.0.2.1')
    const minutes = Math.ceil((seconds + 1) / 60)
    t.comment(`${LOGINS} in ${seconds.toFixed(1)} s: ${JSON.stringify(statuses)}, memory ${(megabytes() - before).toFixed(0)} MB more`)
    t.strictSame(Object.keys(statuses), ['401', '429'])
    t.ok(statuses[401]! >= 5 && statuses[401]! <= 5 * minutes, 'as many as the limit lets through')
    t.ok(megabytes() - before < MAX_GROWTH_MB, 'memory is bounded')
    expectAnswer(t, await logIn('192.0.2.1', 'right-password'), 429, 429, 'the limit holds, for the right one too')
    expectAnswer(t, await logIn('192.0.2.2', 'right-password'), 200, 200, 'elsewhere the account is open')
  })

  await t.test('from a new network each: passwords are hashed a few at a time, what does not fit is told', async t => {
    const before = megabytes()
    const address = (index: number) => `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}::1`
    const { statuses, seconds } = await flood(t, server.url, 500, address)
    t.comment(`500 in ${seconds.toFixed(1)} s: ${JSON.stringify(statuses)}, memory ${(megabytes() - before).toFixed(0)} MB more`)
    t.equal(statuses[401], 500, 'the queue is long enough for 50 at once')
    t.ok(megabytes() - before < MAX_GROWTH_MB, 'memory is bounded')
    const burst = await Promise.all(Array.from({ length: 250 }, async (_, index) => await logIn(address(1_000 + index), 'wrong')))
    const refused = burst.filter(({ status }) => status === 429)
    t.strictSame([...new Set(burst.map(({ status }) => status))].sort(), [401, 429])
    t.ok(refused.length > 0 && refused.length <= 150, `${refused.length} of 250 at once did not fit`)
    t.ok(refused.every(({ headers }) => headers['retry-after'] === '1'), 'they are told when to come again')
    expectAnswer(t, await logIn('192.0.2.3', 'right-password'), 200, 200, 'and then it goes on')
  })
})
