import Fastify from 'fastify'
import t from 'tap'
import { LOG_REDACTION } from '../../src/http/log-redaction.ts'

t.test('secrets stay out, by name, on three levels', async t => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'info', stream: { write: line => { lines.push(line) } }, ...LOG_REDACTION } })
  const names = ['authorization', 'cookie', 'set-cookie', 'x-api-key', 'x-internal-secret', 'x-webhook-secret', 'apiKey', 'token', 'password', 'old_password', 'new_password', 'access_token', 'refresh_token', 'reset_token']
  for (const name of names) app.log.info({ [name]: 'hush', one: { [name]: 'hush', two: { [name]: 'hush' } }, other: 'said' }, 'line')
  t.equal(lines.length, names.length)
  t.strictSame(lines.filter(line => line.includes('hush')), [])
  t.ok(lines.every(line => line.includes('said')))
})
