import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { listSettings } from '../../src/config/schema.ts'

/** Every limit that the contract and its decisions name: the setting, its default, its unit. */
const NAMED: Record<string, [item: string, value: unknown, unit?: string]> = {
  PORT: ['X-01', 5050],
  HOST: ['X-01', '127.0.0.1'],
  PUBLISH_AUTH: ['publish credentials', 'open'],
  MAX_STREAMS: ['HLS-08', 64],
  RESUME_WINDOW_SECONDS: ['HLS-18', 60, 's'],
  PING_INTERVAL_MS: ['reconnects of the documented client', 5_000, 'ms'],
  PING_TIMEOUT_MS: ['reconnects of the documented client', 5_000, 'ms'],
  OWNER_PROBE_TIMEOUT_MS: ['HLS-02: up to 2 s', 2_000, 'ms'],
  STREAM_RETENTION_HOURS: ['HLS-07 retention', 24, 'h'],
  LIVE_WINDOW_SEGMENTS: ['HLS-07 playlists', 6, 'segments'],
  SEGMENT_TARGET_SECONDS: ['4.1', 2, 's'],
  HELD_REQUEST_SECONDS: ['HLS-07 early viewers', 10, 's'],
  MAX_CHUNK_BYTES: ['chunk sizes', 4_000_000, 'bytes'],
  MAX_MESSAGE_BYTES: ['chunk sizes', 10_000_000, 'bytes'],
  STREAM_MAX_BYTES_PER_MINUTE: ['HLS-15', 75_000_000, 'bytes per minute'],
  STREAM_MAX_CHUNKS_PER_MINUTE: ['HLS-16', 1_500, 'per minute'],
  MAX_EVENTS_PER_MINUTE: ['7', 100, 'per minute'],
  MAX_CONNECTIONS_PER_MINUTE: ['7', 10, 'per minute'],
  RATE_LIMIT_STREAM: ['7', 1_000, 'per minute'],
  RATE_LIMIT_STATUS: ['7', 60, 'per minute'],
  RATE_LIMIT_GENERAL: ['7', 100, 'per minute']
}

t.test('the limits that the contract names, by the names that it gives them', async t => {
  const settings = new Map(listSettings().map(setting => [setting.env, setting]))
  for (const [env, [item, value, unit]] of Object.entries(NAMED)) {
    t.match({ default: settings.get(env)?.default, unit: settings.get(env)?.unit }, { default: value, unit }, `${item}: ${env}`)
  }
  t.ok(settings.has('MAX_HELD_REQUESTS') && settings.has('MAX_VIDEO_PIXELS'), 'HLS-07, codecs: limits without a figure in the contract')
})

t.test('HLS-15, HLS-18: values that the contract names are taken, others are refused by name', async t => {
  t.match(loadConfig({ STREAM_MAX_BYTES_PER_MINUTE: '1048576', RESUME_WINDOW_SECONDS: '0' }).livestream, { maxBytesPerMinute: 1_048_576, resumeWindowSeconds: 0 })
  t.equal(loadConfig({ RESUME_WINDOW_SECONDS: '1800' }).livestream.resumeWindowSeconds, 1_800)
  for (const [name, value] of [['RESUME_WINDOW_SECONDS', '1801'], ['RESUME_WINDOW_SECONDS', '-1'], ['PUBLISH_AUTH', 'none'], ['PORT', 'http'], ['MAX_STREAMS', '0']] as const) {
    t.throws(() => loadConfig({ [name]: value }), { code: 'CONFIG_INVALID', message: new RegExp(name) }, `${name}=${value}`)
  }
  t.throws(() => loadConfig({ PUBLISH_AUTH: 'key' }), { message: /PUBLISH_KEYS/ })
  t.throws(() => loadConfig({ PUBLISH_AUTH: 'jwt', PUBLISH_JWT_SECRET: 'short' }), { message: /PUBLISH_JWT_SECRET/ })
})
