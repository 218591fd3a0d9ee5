import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { startIvsHost } from '../../fixtures/ivs-host.ts'
import { API_KEY, INTERNAL_SECRET, type IvsClient } from '../../fixtures/ivs-server.ts'
import { ERROR, expectError, expectSuccess } from './expect.ts'

const OLD = 'an old key of the API'
const NEW = 'a new key of the API'

const list = async ({ get }: IvsClient, headers: Record<string, string>) => await get('/api/stage/list', headers)

const lines: string[] = []
const host = await startIvsHost(t, {
  '/both': { apiKeys: [OLD, NEW] },
  '/rotated': { apiKeys: [NEW] },
  '/skipping': { skipAuth: 'true' },
  '/production': { skipAuth: 'true', environment: 'production' },
  '/made': { apiKeys: [] },
  '/no-internal-secret': { internalSecret: '' },
  '/development': { environment: 'development' }
}, line => { lines.push(line) })

t.test('two keys are good while one follows the other, and the old one is not afterwards', async t => {
  const both = host.at('/both')
  for (const key of [OLD, NEW, ` ${OLD} `]) expectSuccess(t, await list(both, { 'x-api-key': key }), `"${key}"`)
  for (const key of [`${OLD},${NEW}`, OLD.toUpperCase(), `${NEW}\u00e4`, 'x'.repeat(5_000)]) expectError(t, await list(both, { 'x-api-key': key }), ERROR.unauthorized, key.slice(0, 30))
  expectSuccess(t, await list(host.at('/rotated'), { 'x-api-key': NEW }), 'the new one')
  expectError(t, await list(host.at('/rotated'), { 'x-api-key': OLD }), ERROR.unauthorized, 'the old one')
})

t.test('IVS-01: SKIP_AUTH is for development', async t => {
  const skipping = host.at('/skipping')
  for (const headers of [{}, { 'x-api-key': 'wrong' }] as Array<Record<string, string>>) expectSuccess(t, await list(skipping, headers), 'no key is asked for')
  expectError(t, await skipping.ask('POST', '/api/token/mediaserver', { headers: {}, body: {} }), ERROR.forbidden, 'the internal secret is')
  t.ok(lines.some(line => /"level":40.*SKIP_AUTH is true/.test(line)), 'the log warns')
  const production = host.at('/production')
  expectError(t, await list(production, {}), ERROR.unauthorized, 'in production it is ignored')
  expectSuccess(t, await list(production, { 'x-api-key': API_KEY }), 'a key')
  t.ok(lines.some(line => /"level":40.*SKIP_AUTH is ignored in production/.test(line)), 'the log warns')
  t.match(expectSuccess(t, await production.get('/health', {}), 'health'), { environment: 'production' })
  t.match(expectSuccess(t, await skipping.get('/health', {}), 'health'), { environment: 'development' }, 'whatever else it is')
})

t.test('without a key one is made outside production', async t => {
  const file = join(host.dataDir, 'secrets', 'api-key')
  const key = (await readFile(file, 'utf8')).trim()
  expectSuccess(t, await list(host.at('/made'), { 'x-api-key': key }), 'the one in the file')
  expectError(t, await list(host.at('/made'), { 'x-api-key': API_KEY }), ERROR.unauthorized, 'another one')
  t.ok(lines.some(line => JSON.parse(line).file === file), 'the log says where it is')
  t.strictSame(lines.filter(line => [key, OLD, NEW, API_KEY].some(secret => line.includes(secret))), [], 'and no key is in any line')
})

t.test('IVS-02: without an internal secret the endpoint always refuses', async t => {
  for (const secret of ['', 'undefined', 'null', INTERNAL_SECRET, API_KEY]) expectError(t, await host.at('/no-internal-secret').post('/api/token/mediaserver', { serverId: 'a', stageArn: 'b' }, { 'x-internal-secret': secret }), ERROR.forbidden, secret)
})

t.test('IVS-03, IVS-08: in production a failure says nothing of where it came from; without a store health is one', async t => {
  await host.app.database.close()
  for (const prefix of ['/production', '/development']) {
    const answer = await host.at(prefix).post('/api/stage', { name: 'x' })
    t.ok(answer.status >= 500, answer.text)
    t.equal('details' in answer.json.error, prefix === '/development', prefix)
    expectError(t, await host.at(prefix).get('/health', {}), ERROR.unavailable, prefix)
  }
})
