import { SignJWT, UnsecuredJWT } from 'jose'
import t, { type Test } from 'tap'
import { buildStandalone } from '../../src/standalone.ts'
import { loadConfig } from '../../src/config/load.ts'
import { newBroadcaster, newClient } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const SECRET = 'a secret of at least thirty-two characters'
const KEYS = ['key-number-one-of-two', 'key-number-two-of-two']

async function token (claims: Record<string, unknown> = {}, { secret = SECRET, expires = '1h', algorithm = 'HS256' } = {}): Promise<string> {
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: algorithm })
  return await (expires === '' ? jwt : jwt.setExpirationTime(expires)).sign(new TextEncoder().encode(secret))
}

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` })

/** The control routes and what they answer to this credential. */
async function controlStatuses (server: TestServer, streamKey: string, headers: Record<string, string>, userId?: string): Promise<number[]> {
  const post = async (action: string) => (await http(server, `/livestream/${streamKey}/${action}`, { method: 'POST', headers, body: { action, timestamp: 1704110400, ...(userId === undefined ? {} : { userId }) } })).status
  return [await post('start'), (await http(server, `/livestream/${streamKey}/debug`, { headers })).status, await post('stop')]
}

async function refusedHandshake (t: Test, server: TestServer, credential: unknown, transport = 'websocket'): Promise<void> {
  const { heard, socket } = newClient(server, { auth: { token: credential }, transports: [transport] })
  const error = await heard.next('connect_error') as Error & { data: any }
  t.match(error.data, { error: String, code: 'UNAUTHORIZED' })
  t.notOk(socket.connected)
}

/** What holds for both kinds of credential. */
async function checkRequired (t: Test, server: TestServer, good: string): Promise<void> {
  t.test('a credential is needed to publish, none to watch', async t => {
    const without = newClient(server)
    t.match(await without.ask('start-stream', { streamKey: 'guarded', userId: 'alice' }), { error: String, code: 'UNAUTHORIZED', streamKey: 'guarded' })
    t.match(await without.heard.next('stream-error'), { code: 'UNAUTHORIZED' })
    const owner = await newBroadcaster(server, 'guarded', { auth: { token: good } })
    t.match(owner.started, { status: 'broadcasting' })
    t.match(await without.ask('join-stream', { streamKey: 'guarded', userId: 'v' }), { isLive: true })
    t.match(await without.ask('start-stream', { streamKey: 'guarded', userId: 'alice', resumeToken: owner.started.resumeToken }), { code: 'UNAUTHORIZED' }, 'the resume token alone does not let anybody publish')
    t.match(await newClient(server, { auth: { token: good } }).ask('start-stream', { streamKey: 'guarded', userId: 'alice', resumeToken: owner.started.resumeToken }), { status: 'active' })
  })

  t.test('a wrong one is refused in the handshake, on each transport', async t => {
    for (const wrong of ['nonsense', `${good}x`, good.slice(0, -1), '']) await refusedHandshake(t, server, wrong)
    await refusedHandshake(t, server, 'nonsense', 'polling')
  })

  t.test('start, stop and debug need it as Authorization: Bearer; the rest of HTTP needs nothing', async t => {
    const [start, debug, stop] = await controlStatuses(server, 'controlled', {})
    t.strictSame([start, debug, stop], [403, 403, 403])
    for (const headers of [bearer('nonsense'), bearer(''), { authorization: good }, { authorization: `Basic ${good}` }]) {
      t.strictSame(await controlStatuses(server, 'controlled', headers), [403, 403, 403], JSON.stringify(headers))
    }
    t.match((await http(server, '/livestream/controlled/debug')).json, { error: String, code: 'UNAUTHORIZED', streamKey: 'controlled' })
    t.strictSame(await controlStatuses(server, 'controlled', bearer(good)), [200, 200, 200])
    t.strictSame(await controlStatuses(server, 'controlled', { authorization: `bearer ${good}` }), [200, 200, 200], 'the scheme in small letters')
    for (const path of ['controlled/status', 'active', 'health']) t.equal((await http(server, `/livestream/${path}`)).status, 200, path)
    t.equal((await http(server, '/livestream/unknown/stream.m3u8')).status, 404)
  })

  t.test('HLS-12: the credential, or the resumeToken, decides about a stop; the userId does not', async t => {
    const stop = async (headers: Record<string, string>, userId: string) => await http(server, '/livestream/stopped/stop', { method: 'POST', headers, body: { action: 'stop', timestamp: 1, userId } })
    const { started } = await newBroadcaster(server, 'stopped', { auth: { token: good } })
    t.equal((await stop({}, 'alice')).status, 403)
    t.match((await stop(bearer(started.resumeToken), 'bob')).json, { status: 'stopped' })
    await newBroadcaster(server, 'stopped', { auth: { token: good } })
    t.equal((await stop(bearer(started.resumeToken), 'alice')).status, 403, 'the token of another broadcast')
    t.match((await stop(bearer(good), 'bob')).json, { status: 'stopped' })
  })
}

t.test('PUBLISH_AUTH=open: no credential is looked at', async t => {
  const server = await startServer(t)
  t.match((await newBroadcaster(server, 'open', { auth: { token: 'anything' } })).started, { status: 'broadcasting' })
  t.strictSame(await controlStatuses(server, 'controlled', bearer('anything')), [200, 200, 200])
})

t.test('PUBLISH_AUTH=key', async t => {
  const server = await startServer(t, { options: { publishAuth: 'key', publishKeys: KEYS } })
  await checkRequired(t, server, KEYS[0]!)
  t.test('each of the keys is good', async t => {
    t.match((await newBroadcaster(server, 'second', { auth: { token: KEYS[1] } })).started, { status: 'broadcasting' })
  })
})

t.test('PUBLISH_AUTH=jwt', async t => {
  const server = await startServer(t, { options: { publishAuth: 'jwt', publishJwtSecret: SECRET } })
  await checkRequired(t, server, await token())

  t.test('what is no valid token', async t => {
    const wrong = {
      'another secret': await token({}, { secret: `${SECRET}!` }),
      expired: await token({}, { expires: '-1 minute' }),
      'without exp': await token({}, { expires: '' }),
      unsigned: new UnsecuredJWT({}).setExpirationTime('1h').encode(),
      'another algorithm': await token({}, { algorithm: 'HS512', secret: SECRET.repeat(2) }),
      'not before tomorrow': await token({ nbf: Math.floor(Date.now() / 1000) + 86_400 })
    }
    for (const [name, credential] of Object.entries(wrong)) {
      await refusedHandshake(t, server, credential)
      t.strictSame(await controlStatuses(server, 'controlled', bearer(credential)), [403, 403, 403], name)
    }
  })

  t.test('streamKey limits a token to that stream', async t => {
    const credential = await token({ streamKey: 'mine' })
    const { ask } = newClient(server, { auth: { token: credential } })
    t.match(await ask('start-stream', { streamKey: 'other', userId: 'alice' }), { code: 'UNAUTHORIZED', streamKey: 'other' })
    t.match(await ask('start-stream', { streamKey: 'mine', userId: 'alice' }), { status: 'broadcasting' })
    t.strictSame(await controlStatuses(server, 'other', bearer(credential)), [403, 403, 403])
    t.strictSame(await controlStatuses(server, 'mine', bearer(credential)), [200, 200, 200])
  })

  t.test('userId limits a token to that user, and to the streams of that user', async t => {
    const credential = await token({ userId: 'bob' })
    const { ask } = newClient(server, { auth: { token: credential } })
    t.match(await ask('start-stream', { streamKey: 'of-bob', userId: 'alice' }), { code: 'UNAUTHORIZED' })
    t.match(await ask('start-stream', { streamKey: 'of-bob', userId: 'bob' }), { status: 'broadcasting' })
    const post = async (key: string, action: string, userId?: string) =>
      (await http(server, `/livestream/${key}/${action}`, { method: 'POST', headers: bearer(credential), body: { action, timestamp: 1, ...(userId === undefined ? {} : { userId }) } })).status
    t.equal(await post('of-bob', 'stop'), 200)
    await newBroadcaster(server, 'of-alice', { auth: { token: await token() } })
    t.equal(await post('of-alice', 'stop'), 403)
    t.equal(await post('of-alice', 'stop', 'alice'), 403, 'the body does not decide')
    t.equal(await post('for-alice', 'start', 'alice'), 403)
    t.equal(await post('for-bob', 'start', 'bob'), 200)
  })
})

t.test('in production with PUBLISH_AUTH=open: one warning at boot', async t => {
  const warnings = async (environment: Record<string, string>): Promise<string[]> => {
    const lines: string[] = []
    const config = loadConfig({ STREAMS_DIR: t.testdir(), ACCOUNTS: 'off', IVS: 'off', ROOMS: 'off', ...environment })
    const app = await buildStandalone(config, { logger: { level: 'warn', stream: { write: line => { lines.push(line) } } } })
    await app.ready()
    await app.close()
    return lines.filter(line => line.includes('PUBLISH_AUTH'))
  }
  t.equal((await warnings({ NODE_ENV: 'production' })).length, 1)
  t.equal((await warnings({ NODE_ENV: 'development' })).length, 0)
  t.equal((await warnings({ NODE_ENV: 'production', PUBLISH_AUTH: 'key', PUBLISH_KEYS: KEYS.join(',') })).length, 0)
})
