import { setTimeout as delay } from 'node:timers/promises'
import { io } from 'socket.io-client'
import t from 'tap'
import { expectBody } from '../../contract/live-sessions/expect.ts'
import { ADMIN } from '../../fixtures/accounts-server.ts'
import { http } from '../../fixtures/http.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { startStandalone } from '../../fixtures/standalone.ts'
import { Transcript } from '../../fixtures/transcript.ts'

t.test('a session of the whole server is broadcast, recorded, and shown to who may see it', async t => {
  const lines: string[] = []
  const server = await startStandalone(t, {
    accounts: { argon2MemoryKib: 64, argon2Passes: 1, adminUsername: ADMIN.username, adminEmail: ADMIN.email, adminPassword: ADMIN.password },
    ivs: { enabled: 'off' },
    livekitRooms: { enabled: 'off' },
    liveSessions: { rateLimitMultiplier: 10_000 },
    recordings: { pollSeconds: 0.2 }
  }, line => { lines.push(line) })
  const ask = async (method: string, path: string, token?: string, body?: object) => await http(server, path, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, ...(body === undefined ? {} : { body }) })
  const logIn = async (username: string, password: string) => (await ask('POST', '/api/v1/auth/login', undefined, { username, password })).json.data.token as string
  const admin = await logIn(ADMIN.username, ADMIN.password)
  await ask('POST', '/api/v1/auth/register', undefined, { username: 'ada', email: 'ada@example.com', password: 'a-password' })
  await ask('POST', '/api/v1/auth/register', undefined, { username: 'bob', email: 'bob@example.com', password: 'a-password' })
  const [ada, bob] = [await logIn('ada', 'a-password'), await logIn('bob', 'a-password')]

  const made = expectBody(t, await ask('POST', '/api/v1/live/sessions', admin, { title: 'Recorded', is_recorded: true }), 201, 'made')
  const at = `/api/v1/live/sessions/${made.session_id}`
  const { recording_id: recordingId, recording_problem: problem } = expectBody(t, await ask('POST', `${at}/start`, admin), 200, 'started')
  t.equal(problem, undefined)
  const host = expectBody(t, await ask('POST', `${at}/join`, admin, {}), 200, 'the host joins')
  const member = expectBody(t, await ask('POST', `${at}/join`, ada, { invite_token: made.invite_token }), 200, 'a member joins')

  const key = host.stream_key
  const socket = io(server.url, { transports: ['websocket'], forceNew: true, reconnection: false, auth: { token: host.access_token }, query: { streamKey: key } })
  t.teardown(() => { socket.disconnect() })
  const heard = new Transcript(socket)
  t.match(await socket.timeout(15_000).emitWithAck('start-stream', { streamKey: key, userId: 'host' }), { status: 'broadcasting' })
  const seconds = 6
  for (const [seq, chunk] of inPieces(await recording({ seconds }), seconds).entries()) await socket.timeout(15_000).emitWithAck('stream-data', { streamKey: key, chunk, seq })
  await heard.next('stream-segments-updated')
  t.equal((await http(server, member.playback_url)).status, 200, 'a member watches')

  const ended = expectBody(t, await ask('POST', `${at}/end`, admin), 200, 'ended')
  t.ok(ended.recording_url.endsWith(`/recordings/${recordingId}.mp4`), ended.recording_url)
  const listed = async (token?: string) => (await ask('GET', `/api/v1/live/recordings?session_id=${made.session_id}`, token)).json.recordings
  let found = await listed(admin)
  while (found.length === 0) {
    await delay(50)
    found = await listed(admin)
  }
  t.match(found, [{ recording_id: recordingId, session_id: made.session_id, title: 'Recorded', size_bytes: Number, duration: Number }])
  t.ok(found[0].size_bytes > 1_000)
  t.ok(found[0].duration > 0 && found[0].duration <= seconds, `${found[0].duration} s`)
  t.equal((await listed(ada)).length, 1, 'who took part sees it')
  t.strictSame([await listed(bob), await listed()], [[], []], 'others do not')
  const file = new URL(ended.recording_url, server.url).pathname
  t.strictSame(await Promise.all([admin, ada, bob, undefined].map(async token => (await ask('GET', file, token)).status)), [200, 200, 404, 404], 'nor its file')
  for (const secret of [made.invite_token, made.host_token, host.access_token, member.access_token, member.playback_url.split('=')[1]]) t.strictSame(lines.filter(line => line.includes(secret)), [], 'no secret is in the log')
})
