import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { io } from 'socket.io-client'
import t, { type Test } from 'tap'
import { startServerProcess } from '../../chaos/server-process.ts'
import { expectBody, expectError } from '../../contract/live-sessions/expect.ts'
import { ADMIN } from '../../fixtures/accounts-server.ts'
import { newClient, sendAll } from '../../fixtures/client.ts'
import { http } from '../../fixtures/http.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { probe } from '../../fixtures/probe.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { SessionsClient } from '../../fixtures/sessions-client.ts'

/** Of the whole broadcast. */
const SECONDS = 10
const PIECE_MS = 500
const PIECES = inPieces(await recording({ seconds: SECONDS }), SECONDS * 1000 / PIECE_MS)
/** How far a file may be from what was published, by its playlist. */
const MARGIN_SECONDS = 1

const folder = await mkdtemp(join(tmpdir(), 'headwater-stream-recordings-'))
t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
const streamsDir = join(folder, 'streams')
const server = await startServerProcess({
  folder: streamsDir,
  env: {
    DATA_DIR: join(folder, 'data'),
    ACCOUNTS: 'on',
    ADMIN_USERNAME: ADMIN.username,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    ARGON2_MEMORY_KIB: '64',
    ARGON2_PASSES: '1',
    JWT_SECRET: randomUUID(),
    LIVE_SESSIONS: 'on',
    LIVE_RATE_LIMIT_MULTIPLIER: '10000',
    RECORDING_POLL_SECONDS: '0.3',
    RECORDING_TAIL_SECONDS: '3'
  }
})
t.teardown(async () => { await server.stop() })
const client = new SessionsClient(server.url)
const owner = await client.person('mentor')

/** A session that is live and recorded, and its host. */
async function record (t: Test) {
  const { session_id: id } = expectBody(t, await client.ask('POST', '/sessions', owner, { title: 'Recorded', is_recorded: true }), 201, 'made')
  const { recording_id: recordingId, recording_problem: problem } = expectBody(t, await client.ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
  t.equal(problem, undefined)
  const host = expectBody(t, await client.ask('POST', `/sessions/${id}/join`, owner, {}), 200, 'the host joins')
  return { id, recordingId: recordingId as string, file: `/recordings/${recordingId}.mp4`, key: host.stream_key as string, token: host.access_token as string, playbackUrl: host.playback_url as string }
}

type Recorded = Awaited<ReturnType<typeof record>>

/** The host begins to send, or goes on with a token of a stream. */
async function publish (t: Test, { key, token }: Recorded, resumeToken?: string) {
  const connect = (options: object) => {
    const socket = io(server.url, { transports: ['websocket'], forceNew: true, reconnection: false, query: { streamKey: key }, ...options })
    t.teardown(() => { socket.disconnect() })
    return socket
  }
  const broadcaster = newClient({ connect }, { auth: { token, resumeToken } })
  return { ...broadcaster, started: await broadcaster.ask('start-stream', { streamKey: key, userId: 'host', resumeToken }) }
}

async function publishedSeconds ({ playbackUrl }: Recorded): Promise<number> {
  const { status, text } = await http(server, playbackUrl.replace('live.m3u8', 'stream.m3u8'))
  if (status !== 200) throw new Error(`${playbackUrl} is answered ${status}: ${text}`)
  return readPlaylist(text).segments.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000
}

async function isRecording (t: Test, { id, file }: Recorded, about: string): Promise<void> {
  expectError(t, await client.ask('POST', `/sessions/${id}/recording/start`, owner), 'INVALID_STATE', about)
  await isNotReady(t, { id, file }, about)
}

async function isNotReady (t: Test, { id, file }: Pick<Recorded, 'id' | 'file'>, about: string): Promise<void> {
  t.match(await client.ask('GET', file, owner), { status: 404, json: { error: 'The recording is not ready yet' } }, about)
  t.match(await client.ask('GET', `/recordings?session_id=${id}`, owner), { json: { recordings: [] } }, about)
}

async function end (t: Test, { id, file }: Recorded): Promise<void> {
  const { recording_url: url } = expectBody(t, await client.ask('POST', `/sessions/${id}/end`, owner), 200, 'ended')
  t.equal(new URL(url, server.url).pathname, file)
}

/** Waits for the file, and checks what is told of it. @returns the length of its media in seconds */
async function ready (t: Test, { id, file }: Recorded): Promise<number> {
  const { recordings: [told, ...more] } = await client.until(`/recordings?session_id=${id}`, owner, ({ recordings }) => recordings.length > 0)
  t.strictSame(more, [])
  const { status, bytes } = await client.ask('GET', file, owner)
  t.equal(status, 200)
  t.equal(told.size_bytes, bytes.length)
  const path = join(folder, `${id}.mp4`)
  await writeFile(path, bytes)
  const found = await probe(path)
  t.match(found, { video: { codec: 'h264' }, audio: { codec: 'aac' } })
  t.strictSame(found.holes.filter(hole => hole.startsWith('video')), [])
  t.ok(Math.abs(found.durationSeconds - told.duration) <= MARGIN_SECONDS, `${found.durationSeconds} s, told ${told.duration} s`)
  return found.durationSeconds
}

const near = (t: Test, actual: number, expected: number, about: string) => t.ok(Math.abs(actual - expected) <= MARGIN_SECONDS, `${about}: ${actual} s of ${expected} s`)

t.test('the server is killed while streams are recorded', async t => {
  const [resumed, left, unkept, begun, silent, stopped] = [await record(t), await record(t), await record(t), await record(t), await record(t), await record(t)]
  const half = PIECES.slice(0, PIECES.length / 2)
  const [host, other, steady, brief, last] = [await publish(t, resumed), await publish(t, left), await publish(t, unkept), await publish(t, begun), await publish(t, stopped)]
  for (const [broadcaster, { key }] of [[host, resumed], [other, left], [last, stopped]] as const) {
    t.equal(broadcaster.started.status, 'broadcasting')
    await sendAll(broadcaster, key, half)
    await broadcaster.heard.next('stream-segments-updated')
  }
  // In real time, so that the times of its segments are those at which they were recorded.
  for (let seq = 0; steady.heard.count('stream-segments-updated') === 0; seq++) {
    await sendAll(steady, unkept.key, PIECES.slice(seq, seq + 1), seq)
    await delay(PIECE_MS)
  }
  // Too little for a segment.
  await sendAll(brief, begun.key, PIECES.slice(0, 3))
  for (const session of [resumed, left, unkept, begun, silent, stopped]) await isRecording(t, session, 'before')
  expectBody(t, await client.ask('POST', `/sessions/${stopped.id}/recording/stop`, owner), 200, 'stopped just before')
  const before = await Promise.all([left, unkept].map(publishedSeconds))
  await server.kill()
  // As if that had been the moment between the first segment and what is kept of it.
  await rm(join(streamsDir, '.headwater-recordings', unkept.recordingId), { recursive: true, force: true })
  await server.restart()

  for (const session of [resumed, left, unkept, begun, silent]) await isRecording(t, session, 'afterwards')

  await t.test('the host goes on', async t => {
    const again = await publish(t, resumed, host.started.resumeToken)
    t.equal(again.started.status, 'active')
    const { nextSeq } = again.started
    t.ok(nextSeq > 0 && nextSeq <= half.length, `from ${nextSeq}`)
    await sendAll(again, resumed.key, PIECES.slice(nextSeq), nextSeq)
    await isRecording(t, resumed, 'while it goes on')
    await end(t, resumed)
    const seconds = await ready(t, resumed)
    const published = await publishedSeconds(resumed)
    t.comment(`a stream of ${SECONDS} s whose server was killed in between: ${published.toFixed(3)} s published, the file is of ${seconds.toFixed(3)} s`)
    near(t, seconds, published, 'the file')
    near(t, published, SECONDS, 'published')
  })

  for (const [index, session] of [left, unkept].entries()) {
    await t.test(`nobody goes on${session === unkept ? ', and nothing was kept yet' : ''}`, async t => {
      await end(t, session)
      const seconds = await ready(t, session)
      near(t, seconds, await publishedSeconds(session), 'the file')
      t.ok(before[index]! > 0 && seconds > before[index]! - 0.1, `${seconds} s, ${before[index]} s of them before`)
    })
  }

  await t.test('it was stopped before', async t => {
    const seconds = await ready(t, stopped)
    near(t, seconds, await publishedSeconds(stopped), 'the file')
    await end(t, stopped)
  })

  await t.test('what had come was not published yet', async t => {
    await end(t, begun)
    const seconds = await ready(t, begun)
    near(t, seconds, await publishedSeconds(begun), 'the file')
    t.ok(seconds > 0.5, `${seconds} s`)
  })

  await t.test('nothing had come', async t => {
    await end(t, silent)
    await client.until(`/sessions/${silent.id}`, owner, ({ recording_url: url }) => url === null)
    t.match(await client.ask('GET', silent.file, owner), { status: 404, json: { error: 'There is no file: Nothing was published while it was recorded' } })
    t.match(await client.ask('GET', `/recordings?session_id=${silent.id}`, owner), { json: { recordings: [] } })
  })

  t.strictSame(await readdir(join(streamsDir, '.headwater-recordings')), [], 'nothing is kept twice')
  t.strictSame(server.lines.filter(({ level }) => level >= 50).map(({ msg }) => msg), [])
})
