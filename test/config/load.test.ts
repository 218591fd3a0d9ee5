import t from 'tap'
import { completeLivestreamOptions, loadConfig } from '../../src/config/load.ts'
import { listSettings } from '../../src/config/schema.ts'

t.test('without anything set, everything has its default', async t => {
  const config = loadConfig({})
  t.match(config.server, { host: '127.0.0.1', port: 5050, environment: 'development', logLevel: 'info' })
  for (const { section, name, default: value } of listSettings()) t.strictSame((config as unknown as Record<string, Record<string, unknown>>)[section]?.[name], value, `${section}.${name}`)
  t.strictSame(completeLivestreamOptions({}), config.livestream, 'an embedder gets the same')
})

t.test('the defaults that DECISIONS.md names', async t => {
  t.match(loadConfig({}).livestream, {
    maxBytesPerMinute: 75_000_000,
    maxChunksPerMinute: 1_500,
    maxEventsPerMinute: 100,
    maxConnectionsPerMinute: 10,
    maxChunkBytes: 4_000_000,
    maxMessageBytes: 10_000_000,
    maxStreams: 64,
    resumeWindowSeconds: 60,
    retentionHours: 24,
    liveWindowSegments: 6,
    heldRequestSeconds: 10,
    segmentTargetSeconds: 2,
    publishAuth: 'open',
    probeTimeoutMs: 2_000,
    pingIntervalMs: 5_000,
    pingTimeoutMs: 5_000,
    statusRequestsPerMinute: 60,
    generalRequestsPerMinute: 100,
    streamRequestsPerMinute: 1_000
  })
})

t.test('environment variables are text and become what they mean', async t => {
  const { server, livestream, ivs, livekit } = loadConfig({
    PORT: '8080', HOST: '0.0.0.0', NODE_ENV: 'production', JWT_SECRET: 'a secret of 32 characters or more ', API_SECRET_KEY: 'first, second', LIVEKIT_API_SECRET: 'a secret of rooms of 32 characters or more', MAX_STREAMS: '3', STREAM_RETENTION_HOURS: '0.5', STREAMS_DIR: '/var/streams', STREAM_MAX_BYTES_PER_MINUTE: '1048576', PUBLISH_AUTH: 'key', PUBLISH_KEYS: ' 0123456789abcdef, fedcba9876543210 ,', UNRELATED: 'x'
  })
  t.match(server, { port: 8080, host: '0.0.0.0', environment: 'production' })
  t.match(livestream, { maxStreams: 3, retentionHours: 0.5, streamsDir: '/var/streams', maxBytesPerMinute: 1_048_576, publishAuth: 'key', publishKeys: ['0123456789abcdef', 'fedcba9876543210'] })
  t.strictSame(ivs.apiKeys, ['first', 'second'])
  t.match(livekit, { url: '', apiSecret: 'a secret of rooms of 32 characters or more' })
})

t.test('an empty variable is not set', async t => {
  t.strictSame(loadConfig({ PORT: '', PUBLISH_KEYS: '', STREAMS_DIR: '', MAX_STREAMS: undefined }), loadConfig({}))
})

t.test('whatever is wrong is named, all of it at once', async t => {
  for (const { environment, says } of [
    { environment: { PORT: '70000' }, says: [/PORT/] },
    { environment: { PORT: 'abc', MAX_STREAMS: '0', PUBLISH_AUTH: 'maybe' }, says: [/PORT/, /MAX_STREAMS/, /PUBLISH_AUTH/] },
    { environment: { MAX_STREAMS: '1.5' }, says: [/MAX_STREAMS/] },
    { environment: { RESUME_WINDOW_SECONDS: '1801' }, says: [/RESUME_WINDOW_SECONDS/] },
    { environment: { PUBLISH_KEYS: 'short' }, says: [/PUBLISH_KEYS/] },
    { environment: { PLAYBACK_KEYS: 'only thirty-one characters long,a playback key of thirty-two characters or more' }, says: [/PLAYBACK_KEYS/] },
    { environment: { PUBLISH_AUTH: 'key' }, says: [/PUBLISH_KEYS must name at least one key/] },
    { environment: { PUBLISH_AUTH: 'jwt', PUBLISH_JWT_SECRET: 'short' }, says: [/PUBLISH_JWT_SECRET must have at least 32 characters/] },
    { environment: { NODE_ENV: 'production' }, says: [/JWT_SECRET must be set in production.*; API_SECRET_KEY must be set in production.*IVS=off.*; LIVEKIT_API_SECRET must be set in production.*ROOMS=off, LIVE_SESSIONS=off/] },
    { environment: { NODE_ENV: 'production', ACCOUNTS: 'off', IVS: 'off' }, says: [/: LIVEKIT_API_SECRET must be set in production/] },
    { environment: { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32), IVS: 'off', ROOMS: 'off' }, says: [/: LIVEKIT_API_SECRET must be set in production/] },
    { environment: { NODE_ENV: 'production', ACCOUNTS: 'off', ROOMS: 'off', SKIP_AUTH: 'true' }, says: [/: API_SECRET_KEY must be set in production/] },
    { environment: { MASTER_STAGE_ARN: 'arn:aws:ivs:eu-west-1:1:channel/x', IVS_ENDPOINT: 'ivs.example.com', IVS_ACCESS_KEY_ID: 'id', IVS_SIGNING_KEY: 'key', IVS_SCALE_OUT_VIEWERS: '5' }, says: [/MASTER_STAGE_ARN must be the ARN of a stage/, /IVS_ENDPOINT must begin with/, /IVS_ACCESS_KEY_ID and IVS_SECRET_ACCESS_KEY go together/, /IVS_SIGNING_KEY and IVS_SIGNING_KEY_ARN go together/, /IVS_SCALE_IN_VIEWERS \(5\) must be below IVS_SCALE_OUT_VIEWERS \(5\)/] },
    { environment: { NODE_ENV: 'production', JWT_SECRET: 'short', ADMIN_USERNAME: 'root', ADMIN_PASSWORD: 'x' }, says: [/JWT_SECRET must have at least 32 characters/, /ADMIN_USERNAME, ADMIN_EMAIL and ADMIN_PASSWORD go together/, /ADMIN_PASSWORD must have/] },
    { environment: { LIVEKIT_URL: 'livekit.example.com', LIVEKIT_API_SECRET: 'short' }, says: [/LIVEKIT_URL and LIVEKIT_PUBLIC_URL must begin with/, /LIVEKIT_URL needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET/, /LIVEKIT_API_SECRET must have at least 32 characters/] },
    { environment: { LIVEKIT_PUBLIC_URL: 'wss://livekit.example.com/rtc' }, says: [/have no path/] },
    { environment: { LIVE_INVITE_SECRET: 'short', RECORDINGS_BASE_URL: '/recordings' }, says: [/LIVE_INVITE_SECRET must have at least 32 characters/, /RECORDINGS_BASE_URL must begin with/] },
    { environment: { DISK_LOW_BYTES: '1000', DISK_CRITICAL_BYTES: '1001' }, says: [/DISK_CRITICAL_BYTES \(1001\) must not be above DISK_LOW_BYTES \(1000\)/] }
  ]) {
    for (const message of says) t.throws(() => loadConfig(environment), { code: 'CONFIG_INVALID', message }, JSON.stringify(environment))
  }
})

t.test('options of an embedder are named as they were given', async t => {
  t.equal(completeLivestreamOptions({ maxStreams: 5 }).maxStreams, 5)
  t.throws(() => completeLivestreamOptions({ maxStreams: 0 }), { code: 'CONFIG_INVALID', message: /maxStreams/ })
  t.throws(() => completeLivestreamOptions({ publishAuth: 'key' }), { message: /publishKeys must name at least one key/ })
  t.throws(() => completeLivestreamOptions({ diskLowBytes: 0 }), { message: /diskCriticalBytes \(500000000\) must not be above diskLowBytes \(0\)/ })
  t.throws(() => completeLivestreamOptions({ maxStream: 5 } as object), { code: 'CONFIG_INVALID', message: /maxStream is not a setting/ })
  t.throws(() => completeLivestreamOptions({ maxStreams: '5' } as object), { message: /maxStreams/ }, 'no text where a number belongs')
  const given = { maxStreams: 5 }
  completeLivestreamOptions(given)
  t.strictSame(given, { maxStreams: 5 }, 'what was given stays as it is')
})

t.test('without rooms production needs no secret of theirs', async t => {
  const off = { NODE_ENV: 'production', IVS: 'off', ROOMS: 'off' }
  t.doesNotThrow(() => loadConfig({ ...off, ACCOUNTS: 'off' }), 'live sessions need accounts')
  t.doesNotThrow(() => loadConfig({ ...off, JWT_SECRET: 'x'.repeat(32), LIVE_SESSIONS: 'off' }))
})

t.test('a secret is in no message', async t => {
  const secret = 'a-secret-that-is-too'
  try {
    loadConfig({ PUBLISH_AUTH: 'jwt', PUBLISH_JWT_SECRET: secret, PUBLISH_KEYS: 'tooshort' })
    t.fail('it is not valid')
  } catch (error) {
    t.notMatch((error as Error).message, secret)
    t.notMatch((error as Error).message, 'tooshort')
  }
})
