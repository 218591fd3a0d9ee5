import { createHash } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { loggedFfmpeg } from '../fixtures/ffmpeg-program.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

const KEY = 'kqzx-private-show'
const PUBLISH_KEY = 'publish-key-that-nobody-knows'
const WRONG_TOKEN = 'wrong-token-of-somebody'

t.test('whatever happens to a stream, no line has its key or a secret in it', async t => {
  const ffmpeg = await loggedFfmpeg(t)
  const lines: string[] = []
  const server = await startServer(t, {
    standalone: true,
    log: line => lines.push(line),
    options: { ffmpegPath: ffmpeg.path, publishAuth: 'key', publishKeys: [PUBLISH_KEY] }
  })
  const auth = { token: PUBLISH_KEY }
  const authorization = `Bearer ${PUBLISH_KEY}`
  const post = async (key: string, action: string, headers: Record<string, string>) => await http(server, `/livestream/${key}/${action}`, { method: 'POST', headers, body: { action, timestamp: 1, userId: 'alice' } })

  t.equal((await post(KEY, 'start', { authorization })).status, 200)
  const owner = await newBroadcaster(server, KEY, { auth })
  const { resumeToken } = owner.started
  const pieces = inPieces(await recording({ seconds: 8 }), 8)
  await sendAll(owner, KEY, pieces.slice(0, 4))
  await owner.heard.next('stream-segments-updated')

  // FFmpeg dies, and is started again.
  process.kill((await ffmpeg.nthStart(1)).pid, 'SIGKILL')
  await sendAll(owner, KEY, pieces.slice(4, 6), 4)
  await owner.heard.next('stream-condition', ({ condition }) => condition === 'good')

  // Refused and resumed.
  t.match(await newClient(server, { auth }).ask('start-stream', { streamKey: KEY, userId: 'alice', resumeToken: WRONG_TOKEN }), { code: 'UNAUTHORIZED' })
  const refused = newClient(server, { auth: { token: WRONG_TOKEN } })
  await refused.heard.next('connect_error')
  t.equal((await post(KEY, 'stop', { authorization: `Bearer ${WRONG_TOKEN}` })).status, 403)
  owner.socket.disconnect()
  const back = newClient(server, { auth: { ...auth, resumeToken }, query: { streamKey: KEY } })
  t.match(await back.ask('start-stream', { streamKey: KEY, userId: 'alice', resumeToken }), { status: 'active' })

  // The folder goes away under it, and what is asked for cannot be read.
  await rm(join(server.streamsDir, KEY), { recursive: true })
  await writeFile(join(server.streamsDir, KEY), 'a file where the folder should be')
  await sendAll(back, KEY, pieces.slice(6), 6)
  await http(server, `/livestream/${KEY}/segment_99.ts?expires=1&signature=${WRONG_TOKEN}`)
  await http(server, `/livestream/${KEY}/debug`, { headers: { authorization } })
  await http(server, `/livestream/${KEY}/nothing`, { headers: { authorization, cookie: `token=${WRONG_TOKEN}` } })
  await post(KEY, 'stop', { authorization })

  // A folder that cannot be opened; one that cannot be read.
  const blocked = `${KEY}-2`
  await writeFile(join(server.streamsDir, blocked), 'a file where the folder should be')
  t.match(await back.ask('start-stream', { streamKey: blocked, userId: 'alice' }), { code: 'INTERNAL_ERROR' })
  server.app.log.warn({ authorization, headers: { cookie: WRONG_TOKEN }, req: { headers: { authorization } } }, 'whoever logs these')
  await server.close()

  t.ok(lines.length > 20, `${lines.length} lines`)
  for (const secret of [KEY, resumeToken, PUBLISH_KEY, WRONG_TOKEN]) t.strictSame(lines.filter(line => line.includes(secret)), [])

  const told = lines.map(line => JSON.parse(line))
  const stream = createHash('sha256').update(KEY).digest('hex').slice(0, 12)
  const all = (msg: string) => told.filter(line => line.msg === msg && line.stream === stream)
  t.match(all('stream started'), [{ userId: 'alice' }])
  t.match(all('stream ended'), [{ reason: String, segments: Number, bytes: Number, seconds: Number, lastedSeconds: Number }], 'one line')
  t.ok(all('FFmpeg started').length >= 2)
  t.match(all('FFmpeg ended')[0], { pid: Number, kind: 'failed', fault: 'encoder-killed', ranSeconds: Number })
  t.ok(told.some(({ level, err }) => level >= 50 && err?.message !== undefined), 'errors are told')
})
