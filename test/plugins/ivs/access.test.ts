import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import t from 'tap'
import { openAccess, type Access } from '../../../plugins/ivs/access.ts'
import { completeIvsOptions } from '../../../src/config/load.ts'
import type { IvsConfig } from '../../../src/config/ivs.ts'

const KEY = 'a key of the API'

interface Line { level: string, fields: object, message: string }

async function open (config: Partial<IvsConfig>, { isProduction = false, dataDir = '/nowhere' } = {}): Promise<{ access: Access, lines: Line[] }> {
  const lines: Line[] = []
  const write = (level: string) => (fields: object, message: string) => { lines.push({ level, fields, message }) }
  const access = await openAccess(completeIvsOptions(config), { isProduction, dataDir, log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') } })
  return { access, lines }
}

const ask = async (hook: onRequestAsyncHookHandler, headers: Record<string, string | string[]>): Promise<unknown> => {
  const call = hook as unknown as (request: FastifyRequest, reply: FastifyReply) => Promise<void>
  return await call({ headers } as unknown as FastifyRequest, {} as FastifyReply)
}

t.test('2: any of the keys, whole', async t => {
  const { access, lines } = await open({ apiKeys: [KEY, 'the next one'] }, { isProduction: true })
  for (const key of [KEY, 'the next one']) await ask(access.requireKey, { 'x-api-key': key })
  for (const headers of [{}, { 'x-api-key': '' }, { 'x-api-key': 'a key of the AP' }, { 'x-api-key': `${KEY},the next one` }, { authorization: `Bearer ${KEY}` }, { 'x-api-key': [KEY, KEY] }] as Array<Record<string, string>>) {
    await t.rejects(ask(access.requireKey, headers), { code: 'API_KEY_INVALID', statusCode: 401 }, JSON.stringify(headers))
  }
  t.strictSame(lines, [])
})

t.test('IVS-01: SKIP_AUTH skips the key alone, and nothing in production', async t => {
  const skipped = await open({ skipAuth: 'true', internalSecret: 'internal' })
  await ask(skipped.access.requireKey, {})
  await ask(skipped.access.requireKey, { 'x-api-key': 'wrong' })
  await t.rejects(ask(skipped.access.requireInternalSecret, {}), { code: 'FORBIDDEN' })
  t.match(skipped.lines, [{ level: 'warn', message: /SKIP_AUTH/ }])
  const ignored = await open({ skipAuth: 'true', apiKeys: [KEY] }, { isProduction: true })
  await t.rejects(ask(ignored.access.requireKey, {}), { code: 'API_KEY_INVALID' })
  await ask(ignored.access.requireKey, { 'x-api-key': KEY })
  t.match(ignored.lines, [{ level: 'warn', message: /ignored in production/ }])
  await t.rejects(open({ skipAuth: 'true' }, { isProduction: true }), { code: 'CONFIG_INVALID', message: /API_SECRET_KEY/ })
})

t.test('IVS-02: the internal secret, and the one of the webhook', async t => {
  for (const [setting, hook, header] of [['internalSecret', 'requireInternalSecret', 'x-internal-secret'], ['webhookSecret', 'requireWebhookSecret', 'x-webhook-secret']] as const) {
    const { access } = await open({ apiKeys: [KEY], [setting]: 'a secret' })
    await ask(access[hook], { [header]: 'a secret' })
    for (const given of ['', 'a secre', KEY]) await t.rejects(ask(access[hook], { [header]: given }), { code: 'FORBIDDEN', statusCode: 403 }, given)
    await t.rejects(ask(access[hook], {}), { code: 'FORBIDDEN' })
    const { access: without } = await open({ apiKeys: [KEY] })
    for (const given of ['', 'undefined', 'a secret']) await t.rejects(ask(without[hook], { [header]: given }), { code: 'FORBIDDEN' }, `${setting} is not set: "${given}"`)
  }
})

t.test('outside production a key is made once, kept for its owner, and in no line of the log', async t => {
  const dataDir = t.testdir()
  const { access, lines } = await open({}, { dataDir })
  const file = join(dataDir, 'secrets', 'api-key')
  const key = (await readFile(file, 'utf8')).trim()
  t.ok(key.length >= 32)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  await ask(access.requireKey, { 'x-api-key': key })
  await t.rejects(ask(access.requireKey, { 'x-api-key': 'wrong' }), { code: 'API_KEY_INVALID' })
  t.match(lines, [{ level: 'info', fields: { file }, message: /API_SECRET_KEY/ }])
  t.notMatch(JSON.stringify(lines), key)
  const again = await open({}, { dataDir })
  await ask(again.access.requireKey, { 'x-api-key': key })
  await t.rejects(open({}, { isProduction: true, dataDir }), { code: 'CONFIG_INVALID' }, 'never in production')
  await writeFile(file, 'short')
  await t.rejects(open({}, { dataDir }), { code: 'CONFIG_INVALID', message: /api-key has no secret in it/ })
})
