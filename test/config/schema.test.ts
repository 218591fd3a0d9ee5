import t from 'tap'
import { listSettings } from '../../src/config/schema.ts'

const SETTINGS = listSettings()

t.test('every setting has a name of its own, a description and a default', async t => {
  t.ok(SETTINGS.length > 40)
  t.equal(new Set(SETTINGS.map(({ env }) => env)).size, SETTINGS.length, 'no environment variable is used twice')
  for (const { name, env, description, default: value } of SETTINGS) {
    t.match(env, /^[A-Z][A-Z0-9_]+$/, name)
    t.match(description, /\S.*[.]$/, name)
    t.not(value, undefined, name)
  }
})

t.test('every limit, time-out and size has a unit', async t => {
  const measures = SETTINGS.filter(({ name }) => /(Bytes|Seconds|Ms|Minutes|Hours|PerMinute|Kbps|Pixels|Rate)$/.test(name))
  t.ok(measures.length > 20)
  t.strictSame(measures.filter(({ unit }) => unit === undefined).map(({ name }) => name), [])
})

t.test('what is secret is marked', async t => {
  t.strictSame(SETTINGS.filter(({ secret }) => secret).map(({ env }) => env), ['PUBLISH_KEYS', 'PUBLISH_JWT_SECRET', 'PLAYBACK_KEYS', 'DATABASE_URL', 'REDIS_URL', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'JWT_SECRET', 'ADMIN_PASSWORD', 'SMTP_URL', 'API_SECRET_KEY', 'INTERNAL_SECRET', 'IVS_WEBHOOK_SECRET', 'IVS_ACCESS_KEY_ID', 'IVS_SECRET_ACCESS_KEY', 'IVS_SIGNING_KEY', 'LIVEKIT_API_SECRET', 'LIVE_INVITE_SECRET'])
})
