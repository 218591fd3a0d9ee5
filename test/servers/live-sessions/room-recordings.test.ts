import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EgressStatus, type EgressInfo } from 'livekit-server-sdk'
import t, { type Test } from 'tap'
import { startServerProcess } from '../../chaos/server-process.ts'
import { expectBody, expectError } from '../../contract/live-sessions/expect.ts'
import { ADMIN } from '../../fixtures/accounts-server.ts'
import { ffprobe } from '../../fixtures/generate.ts'
import { SessionsClient, type Person } from '../../fixtures/sessions-client.ts'
import { LivekitStandIn } from '../../stand-ins/livekit/stand-in.ts'

/** Long enough for a busy machine, on which what did begin is heard of late. */
const START_SECONDS = 4

const folder = await mkdtemp(join(tmpdir(), 'headwater-room-recordings-'))
t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
const egressDir = join(folder, 'egress')
const livekit = await LivekitStandIn.start(t)
const { settings } = livekit
const server = await startServerProcess({
  folder: join(folder, 'streams'),
  env: {
    DATA_DIR: join(folder, 'data'),
    ACCOUNTS: 'on',
    ADMIN_USERNAME: ADMIN.username,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    JWT_SECRET: randomUUID(),
    LIVEKIT_URL: settings.url,
    LIVEKIT_API_KEY: settings.apiKey,
    LIVEKIT_API_SECRET: settings.apiSecret,
    LIVEKIT_EGRESS_DIR: egressDir,
    LIVE_RATE_LIMIT_MULTIPLIER: '10000',
    LIVE_RECONCILE_SECONDS: '0.3',
    RECORDING_POLL_SECONDS: '0.3',
    RECORDING_START_SECONDS: String(START_SECONDS)
  }
})
t.teardown(async () => { await server.stop() })
livekit.webhooks.urls.push(`${server.url}/api/livekit/webhook`)
const client = new SessionsClient(server.url)
const [owner, member, stranger] = [await client.person('mentor'), await client.person(), await client.person()]

const recordings = async (id: string, who: Person = owner): Promise<any[]> => (await client.ask('GET', `/recordings?session_id=${id}`, who)).json.recordings
const listed = async (id: string, count: number) => await client.until(`/recordings?session_id=${id}`, owner, json => json.recordings.length === count)
/** What the stand-in knows of the newest recording of a session. */
const known = (id: string): EgressInfo => livekit.egress.list({ roomName: id, id: '', isActive: false }).at(-1)!
/** How large and long its file is. */
const told = (id: string) => {
  const [file] = known(id).fileResults
  return { size_bytes: Number(file!.size), duration: Math.round(Number(file!.duration) / 1e9) }
}
const until = async (isSo: () => boolean) => { while (!isSo()) await new Promise(resolve => { setTimeout(resolve, 10) }) }
const records = async (id: string) => { await until(() => known(id).status === EgressStatus.EGRESS_ACTIVE) }
/** A private one that is live, and recorded. */
const record = async (t: Test) => {
  const { session_id: id, invite_token: invitation } = expectBody(t, await client.ask('POST', '/sessions', owner, { title: 'Recorded', is_recorded: true }), 201, 'made')
  const { recording_id: recordingId, recording_problem: problem } = expectBody(t, await client.ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
  t.equal(problem, undefined)
  return { id, invitation, recordingId, file: `/recordings/${recordingId}.mp4` }
}
const end = async (t: Test, id: string) => expectBody(t, await client.ask('POST', `/sessions/${id}/end`, owner), 200, 'ended')

await t.test('a session that was recorded is an MP4, of which one can have parts', async t => {
  const { id, invitation, recordingId, file } = await record(t)
  livekit.join(expectBody(t, await client.ask('POST', `/sessions/${id}/join`, member, { invite_token: invitation }), 200, 'joined').access_token)
  await records(id)
  livekit.advance(3_000)
  t.equal((await client.ask('GET', file, owner)).status, 404, 'not yet')
  const { recording_url: url } = await end(t, id)
  t.equal(new URL(url, server.url).pathname, file)
  await listed(id, 1)
  t.match(await recordings(id), [{ recording_id: recordingId, recording_url: url, ...told(id) }])
  const whole = await client.ask('GET', file, owner)
  t.match(whole, { status: 200, headers: { 'content-type': 'video/mp4', 'accept-ranges': 'bytes' } })
  t.equal(whole.bytes.length, told(id).size_bytes)
  const streams = (await ffprobe(['-show_entries', 'stream=codec_type', '-of', 'csv=p=0', 'pipe:0'], whole.bytes)).toString().split(/\s+/)
  t.strictSame(streams.filter(Boolean).sort(), ['audio', 'video'])
  const part = await client.ask('GET', file, owner, undefined, { headers: { range: 'bytes=100-299' } })
  t.match(part, { status: 206, headers: { 'content-range': `bytes 100-299/${whole.bytes.length}` } })
  t.strictSame(part.bytes, whole.bytes.subarray(100, 300))
  t.equal((await client.ask('GET', file, owner, undefined, { headers: { range: `bytes=${whole.bytes.length}-` } })).status, 416)
  t.strictSame(await Promise.all([member, stranger, null].map(async who => (await client.ask('GET', file, who)).status)), [200, 404, 404], 'for those who took part')
  t.strictSame(await filesIn(egressDir), [], 'and LiveKit keeps no copy')
})

await t.test('what was not recorded is not said to be', async t => {
  livekit.egress.plan('never-starts', 'upload-fails', 'no-start-signal', 'limit')
  const { id, file } = await record(t)
  expectError(t, await client.ask('POST', `/sessions/${id}/recording/start`, owner), 'INVALID_STATE', 'it may still begin')
  let again = await client.ask('POST', `/sessions/${id}/recording/start`, owner)
  while (again.status === 409) again = await client.ask('POST', `/sessions/${id}/recording/start`, owner)
  expectBody(t, again, 200, `it did not within ${START_SECONDS} s, so that another can`)
  await records(id)
  await client.ask('POST', `/sessions/${id}/recording/stop`, owner)
  await livekit.settled()
  t.match(known(id), { status: EgressStatus.EGRESS_FAILED }, 'its file could not be kept')
  let third = await client.ask('POST', `/sessions/${id}/recording/start`, owner)
  while (third.status === 409) third = await client.ask('POST', `/sessions/${id}/recording/start`, owner)
  livekit.advance(livekit.egress.startSignalMs)
  t.match(known(id), { status: EgressStatus.EGRESS_ABORTED }, 'nothing came that could be recorded')
  await livekit.settled()
  await end(t, id)
  await client.until(`/sessions/${id}`, owner, ({ recording_url: url }) => url === null)
  t.strictSame(await recordings(id), [])
  t.equal((await client.ask('GET', file, owner)).status, 404)

  const limited = await record(t)
  await listed(limited.id, 1)
  t.match(known(limited.id), { status: EgressStatus.EGRESS_LIMIT_REACHED })
  t.match(await client.ask('GET', `/sessions/${limited.id}`, owner), { json: { status: 'live' } }, 'what LiveKit ended by itself is there while the session goes on')
  t.match(await end(t, limited.id), { recording_url: new RegExp(`${limited.file}$`) })
})

await t.test('what LiveKit records though its answers are lost does not go on unseen', async t => {
  livekit.faults.add('StartRoomCompositeEgress', { kind: 'lose-answer' }, 1)
  livekit.faults.add('ListEgress', { kind: 'status', status: 503 })
  const { session_id: id } = expectBody(t, await client.ask('POST', '/sessions', owner, { title: 'Recorded', is_recorded: true }), 201, 'made')
  t.match(expectBody(t, await client.ask('POST', `/sessions/${id}/start`, owner), 200, 'started'), { recording_problem: /StartRoomCompositeEgress/ })
  livekit.faults.clear()
  await until(() => known(id).status >= EgressStatus.EGRESS_COMPLETE)
  await end(t, id)
})

await t.test('the server is killed while it is recorded', async t => {
  livekit.egress.plan('as it should be', 'as it should be', 'upload-fails')
  const [goesOn, ends, fails] = [await record(t), await record(t), await record(t)]
  for (const { id } of [goesOn, ends, fails]) await records(id)
  await server.kill()
  livekit.advance(2_000)
  for (const { id } of [ends, fails]) livekit.egress.stop(known(id).egressId)
  // Until LiveKit has given up telling it.
  await livekit.settled()
  t.strictSame([goesOn, ends, fails].map(({ id }) => known(id).status), [EgressStatus.EGRESS_ACTIVE, EgressStatus.EGRESS_COMPLETE, EgressStatus.EGRESS_FAILED])
  await server.restart()

  await listed(ends.id, 1)
  t.match(await recordings(ends.id), [{ recording_id: ends.recordingId, ...told(ends.id) }], 'what was finished meanwhile is found')
  t.strictSame(await recordings(goesOn.id), [])
  expectError(t, await client.ask('POST', `/sessions/${goesOn.id}/recording/start`, owner), 'INVALID_STATE', 'it is recorded all the time')
  t.match(await end(t, goesOn.id), { recording_url: new RegExp(`${goesOn.file}$`) })
  await listed(goesOn.id, 1)
  t.equal((await client.ask('GET', goesOn.file, owner)).bytes.length, Number(known(goesOn.id).fileResults[0]!.size))
  let another = await client.ask('POST', `/sessions/${fails.id}/recording/start`, owner)
  while (another.status === 409) another = await client.ask('POST', `/sessions/${fails.id}/recording/start`, owner)
  await records(fails.id)
  t.match(await end(t, fails.id), { recording_url: new RegExp(`${another.json.recording_id}`) }, 'instead of what failed there is another')
  await listed(fails.id, 1)
})

async function filesIn (path: string): Promise<string[]> {
  return (await readdir(path, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile()).map(({ name }) => name)
}
