import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

/** The samples of a text exposition, by series. @throws Error when a line makes no sense, or a metric is described twice */
function samplesIn (text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const described = new Set<string>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const type = /^# TYPE (\w+) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) {
      if (described.has(type[1]!)) throw new Error(`${type[1]} is described twice`)
      described.add(type[1]!)
      continue
    }
    const [, series, value] = /^(\w+(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? []
    if (series === undefined || samples.has(series)) throw new Error(`What is this? ${line}`)
    samples.set(series, value === 'Nan' ? NaN : Number(value))
  }
  return samples
}

for (const standalone of [false, true]) {
  t.test(`what a broadcast leaves in the metrics, ${standalone ? 'on the standalone server' : 'of the plugin in a bare Fastify'}`, async t => {
    const server = await startServer(t, { standalone })
    const ask = async () => {
      const { status, headers, text } = await http(server, standalone ? '/metrics' : '/livestream/metrics')
      t.equal(status, 200)
      t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
      t.notMatch(text, /secret-show|alice|resume/, 'neither keys nor names nor tokens')
      return samplesIn(text)
    }
    const before = await ask()
    t.equal(before.get('headwater_ffmpeg_starts_total{work="video"}'), 0, 'what did not happen yet is 0')

    const owner = await newBroadcaster(server, 'secret-show')
    await newClient(server).ask('join-stream', { streamKey: 'secret-show', userId: 'v' })
    const pieces = inPieces(await recording({ seconds: 5 }), 10)
    await sendAll(owner, 'secret-show', pieces)
    await owner.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
    const during = await ask()
    t.equal(during.get('headwater_streams{state="live"}'), 1)
    t.equal(during.get('headwater_ffmpeg_processes'), 1)
    t.equal(during.get('headwater_connections'), 2)
    t.equal(during.get('headwater_viewers'), 1)
    t.equal(during.get('headwater_queue{of="acknowledgements"}'), 0)
    t.ok(during.get('headwater_lag_max_seconds')! > 0 && during.get('headwater_lag_max_seconds')! < 5)

    await owner.ask('end-stream', { streamKey: 'secret-show', userId: 'alice' })
    const playlist = await http(server, '/livestream/secret-show/stream.m3u8')
    const names = playlist.text.match(/^segment_\d+\.ts$/gm)!
    let bytes = 0
    for (const name of names) bytes += (await http(server, `/livestream/secret-show/${name}`)).bytes.length
    await http(server, '/livestream/secret-show/segment_99.ts')
    const after = await ask()
    t.equal(after.get('headwater_streams_started_total'), 1)
    t.equal(after.get('headwater_streams_ended_total{reason="ended by owner"}'), 1)
    t.equal(after.get('headwater_ingest_chunks_total'), 10)
    t.equal(after.get('headwater_ingest_bytes_total'), pieces.reduce((sum, { length }) => sum + length, 0))
    t.equal(after.get('headwater_segments_total'), names.length)
    t.equal(after.get('headwater_segment_bytes_total'), bytes)
    for (const histogram of ['headwater_segment_duration_seconds', 'headwater_segment_delay_seconds', 'headwater_lag_seconds']) t.equal(after.get(`${histogram}_count`), names.length, histogram)
    t.ok(Math.abs(after.get('headwater_segment_duration_seconds_sum')! - 5) < 0.2)
    t.ok(after.get('headwater_segment_delay_seconds_sum')! > 0)
    t.equal(['copy', 'audio', 'video'].reduce((sum, work) => sum + after.get(`headwater_ffmpeg_starts_total{work="${work}"}`)!, 0), 1)
    t.equal(after.get('headwater_ffmpeg_exits_total{outcome="finished"}'), 1)
    t.equal(after.get('headwater_ffmpeg_processes'), 0)
    t.equal(after.get('headwater_http_requests_total{class="segment",status="2xx"}'), names.length)
    t.equal(after.get('headwater_http_response_bytes_total{class="segment",status="2xx"}'), bytes)
    t.equal(after.get('headwater_http_requests_total{class="segment",status="4xx"}'), 1)
    t.equal(after.get('headwater_http_requests_total{class="playlist",status="2xx"}'), 1)
    t.equal(after.has('process_cpu_seconds_total'), standalone, 'a host has its own of the process')
  })
}

t.test('a process that built the server and closed it ends by itself', async t => {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-metrics-'))
  t.teardown(() => rm(streamsDir, { recursive: true, force: true }))
  const program = `
    const { loadConfig } = await import('./src/config/load.ts')
    const { buildStandalone } = await import('./src/standalone.ts')
    for (let count = 0; count < 2; count++) {
      const app = await buildStandalone(loadConfig({ ACCOUNTS: 'off', IVS: 'off', ROOMS: 'off', STREAMS_DIR: ${JSON.stringify(streamsDir)} }))
      await app.listen({ host: '127.0.0.1', port: 0 })
      console.log((await app.inject('/metrics')).body.includes('nodejs_gc_duration_seconds'))
      await app.close()
    }`
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', '--input-type=module', '--eval', program], { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: 60_000 })
  t.equal(stdout, 'true\ntrue\n')
})
