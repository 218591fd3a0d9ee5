import { readFile } from 'node:fs/promises'
import t from 'tap'
import { withSettings } from '../../scripts/env-example/tables.ts'
import { envExample } from '../../scripts/env-example/text.ts'
import { listSettings } from '../../src/config/schema.ts'

const read = async (path: string) => await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

t.test('.env.example is what the schema says', async t => {
  t.equal(await read('.env.example'), envExample(), 'run npm run env-example')
})

t.test('the tables for operators are what the schema says', async t => {
  const document = await read('docs/operations.md')
  t.equal(document, withSettings(document), 'run npm run env-example')
  for (const { env, name } of listSettings()) t.ok(document.includes(`| \`${env}\` | \`${name}\` |`), env)
  t.throws(() => withSettings('# No marks'), { message: /marks/ })
})

t.test('every setting has a name, a default and a description, and sizes and times have a unit', async t => {
  const settings = listSettings()
  t.equal(new Set(settings.map(({ env }) => env)).size, settings.length, 'no name twice')
  for (const { env, description, default: value, unit } of settings) {
    t.match(env, /^[A-Z][A-Z0-9_]*$/)
    t.ok(description.endsWith('.'), `${env} is described in a sentence`)
    t.not(value, undefined, `${env} has a default`)
    if (/_(SECONDS|MS|BYTES|HOURS|MINUTES|PIXELS|KBPS)$/.test(env)) t.ok(unit, `${env} has a unit`)
  }
})
