import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, statfs, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const run = promisify(execFile)
/** More than any disk has free. */
const UNREACHABLE_BYTES = 1e15
const CHECK_MS = 20

async function newFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-storage-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const start = { method: 'POST', body: { userId: 'alice', action: 'start', timestamp: 1704110400 } }

async function storageOf (server: TestServer) {
  return (await http(server, '/livestream/health')).json.storage
}

/** Resolves when `health` says it; there is no event for it. */
async function untilState (server: TestServer, state: string): Promise<void> {
  while ((await storageOf(server)).state !== state) { /* Each question takes a round trip. */ }
}

async function publish (server: TestServer, key: string, seconds = 3): Promise<void> {
  const client = await newBroadcaster(server, key)
  await sendAll(client, key, inPieces(await recording({ seconds }), seconds))
  await client.ask('end-stream', { streamKey: key, userId: 'alice' })
  client.socket.disconnect()
}

async function playlistOf (server: TestServer, key: string) {
  return readPlaylist((await http(server, `/livestream/${key}/stream.m3u8`)).text)
}

/** Marks that the disk is above now and below once `fill` has run, whatever its size. */
async function marksOf (t: Test, folder: string): Promise<{ mark: number, fill: () => Promise<void>, empty: () => Promise<void> }> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const file = join(folder, 'filler')
  const empty = () => rm(file, { force: true })
  t.teardown(empty)
  return { mark: Math.floor(free / 1.05), fill: async () => { await run('fallocate', ['-l', String(Math.ceil(free * 0.07)), file]) }, empty }
}

t.test('5.5: health tells what the streams use and what is left', async t => {
  const server = await startServer(t, { options: { maxStorageBytes: 50_000_000 } })
  const { bavail, bsize } = await statfs(server.streamsDir)
  await publish(server, 'one')
  const { segments } = await playlistOf(server, 'one')
  let bytes = 0
  for (const { name } of segments) bytes += (await http(server, `/livestream/one/${name}`)).bytes.length
  const storage = await storageOf(server)
  t.match(storage, { state: 'ok', usedBytes: bytes, maxBytes: 50_000_000 })
  t.ok(Math.abs(storage.freeBytes - bavail * bsize) < bavail * bsize * 0.1, `${storage.freeBytes} bytes are free`)
})

t.test('below DISK_LOW_BYTES new streams are refused, over Socket.IO and HTTP', async t => {
  const server = await startServer(t, { options: { diskLowBytes: UNREACHABLE_BYTES, diskCriticalBytes: 0 } })
  const client = newClient(server)
  const refusal = { error: /disk is nearly full.*DISK_LOW_BYTES.*free some space/, code: 'STORAGE_FULL', streamKey: 'late' }
  t.match(await client.ask('start-stream', { streamKey: 'late', userId: 'alice' }), refusal)
  client.socket.emit('start-stream', { streamKey: 'late', userId: 'alice' })
  t.match(await client.heard.next('stream-error'), refusal)
  const answer = await http(server, '/livestream/late/start', start)
  t.equal(answer.status, 507)
  t.match(answer.json, refusal)
  t.notMatch(answer.text, server.streamsDir)
  t.match((await http(server, '/livestream/active')).json, { count: 0 })
  t.match(await storageOf(server), { state: 'low' })
})

t.test('a disk that fills: running streams go on, ended ones go, new ones are refused; when there is space again all is well without a restart', async t => {
  const folder = await newFolder(t)
  const { mark, fill, empty } = await marksOf(t, folder)
  const server = await startServer(t, { options: { diskLowBytes: mark, diskCriticalBytes: mark, diskCheckMs: CHECK_MS } })
  await publish(server, 'ended')
  const { length } = (await playlistOf(server, 'ended')).segments
  const watching = newClient(server)
  await watching.ask('join-stream', { streamKey: 'ended', userId: 'viewer' })
  await http(server, '/livestream/prepared/start', start)
  const client = await newBroadcaster(server, 'running')
  const pieces = inPieces(await recording({ seconds: 8 }), 8)
  await sendAll(client, 'running', pieces.slice(0, 4))
  await mkdir(join(server.streamsDir, 'mixed'))
  for (const name of ['stream.m3u8', 'segment_0.ts', 'recording.mp4']) await writeFile(join(server.streamsDir, 'mixed', name), '')

  await fill()
  while ((await http(server, '/livestream/ended/stream.m3u8')).status !== 404) { /* Each question takes a round trip. */ }
  t.match(await storageOf(server), { state: 'critical' })
  t.equal((await http(server, '/livestream/ended/segment_0.ts')).status, 404)
  t.match(await newClient(server).ask('start-stream', { streamKey: 'late', userId: 'alice' }), { code: 'STORAGE_FULL' })
  await sendAll(client, 'running', pieces.slice(4), 4)
  await client.ask('end-stream', { streamKey: 'running', userId: 'alice' })
  t.equal(client.heard.count('stream-error'), 0)
  // What has ended now has to go too, after all of it was published.
  const ended = client.heard.all('stream-segments-updated').at(-1)
  t.ok(ended!['segmentCount'] >= 4, `${ended!['segmentCount']} segments`)
  while ((await http(server, '/livestream/running/stream.m3u8')).status !== 404) { /* Each question takes a round trip. */ }
  t.strictSame((await readdir(server.streamsDir)).filter(name => !name.startsWith('.')), ['mixed'], 'what holds other files stays')
  t.match((await http(server, '/livestream/active')).json, { count: 1, streams: [{ streamId: 'prepared' }] }, 'what was prepared stays')

  await empty()
  await untilState(server, 'ok')
  await publish(server, 'ended')
  t.match(await playlistOf(server, 'ended'), { ended: true, mediaSequence: length, discontinuitySequence: 1 }, 'a cache may still have the names that were removed')
})

t.test('HLS-07: at MAX_STORAGE_BYTES the oldest ended streams go; where only running ones are left, the stream ends with "storage limit"', async t => {
  const streamsDir = await newFolder(t)
  const first = await startServer(t, { options: { streamsDir } })
  for (const key of ['oldest', 'old', 'young']) await publish(first, key)
  const { usedBytes } = await storageOf(first)
  await first.close()

  // Three of these streams have room, and half a segment more.
  const maxStorageBytes = Math.ceil(usedBytes * 1.1)
  const server = await startServer(t, { options: { streamsDir, maxStorageBytes } })
  t.match(await playlistOf(server, 'oldest'), { ended: true }, 'nothing goes before the room is needed')
  const client = await newBroadcaster(server, 'live')
  const watching = newClient(server)
  await watching.ask('join-stream', { streamKey: 'live', userId: 'viewer' })
  const sent = sendAll(client, 'live', inPieces(await recording({ seconds: 40 }), 40))
  await client.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
  t.equal((await http(server, '/livestream/oldest/stream.m3u8')).status, 404, 'the oldest one goes first')
  t.equal((await http(server, '/livestream/young/stream.m3u8')).status, 200, 'and the youngest is still there')
  t.strictSame(await client.heard.next('stream-ended'), { streamKey: 'live', reason: 'storage limit' })
  t.strictSame(await watching.heard.next('stream-ended'), { streamKey: 'live', reason: 'storage limit' })
  await sent
  const playlist = await playlistOf(server, 'live')
  t.match(playlist, { ended: true, mediaSequence: 0 })
  let bytes = 0
  for (const { name } of playlist.segments) {
    const segment = await http(server, `/livestream/live/${name}`)
    t.equal(segment.status, 200)
    bytes += segment.bytes.length
  }
  t.ok(bytes > maxStorageBytes * 0.7 && bytes <= maxStorageBytes, `${bytes} of ${maxStorageBytes} bytes`)
  t.strictSame((await readdir(streamsDir)).filter(name => !name.startsWith('.')), ['live'])

  await publish(server, 'next')
  t.strictSame((await readdir(streamsDir)).filter(name => !name.startsWith('.')), ['next'], 'what has ended makes room for the next one')
})

t.test('at the cap new streams are refused while running ones use it up', async t => {
  const pieces = inPieces(await recording({ seconds: 90, video: 'none' }), 30)
  const first = await startServer(t)
  const before = await newBroadcaster(first, 'large')
  await sendAll(before, 'large', pieces)
  await before.ask('end-stream', { streamKey: 'large', userId: 'alice' })
  const { usedBytes } = await storageOf(first)
  const { segments } = await playlistOf(first, 'large')
  await first.close()

  const server = await startServer(t, { options: { maxStorageBytes: Math.ceil(usedBytes * 1.01) } })
  const client = await newBroadcaster(server, 'large')
  await sendAll(client, 'large', pieces)
  // The last one is not cut before the end.
  await client.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount === segments.length - 1)
  const refused = await http(server, '/livestream/second/start', start)
  t.equal(refused.status, 507)
  t.match(refused.json, { code: 'STORAGE_FULL', error: /MAX_STORAGE_BYTES/, streamKey: 'second' })
  t.match(await newClient(server).ask('start-stream', { streamKey: 'second', userId: 'bob' }), { code: 'STORAGE_FULL' })
  t.match(await client.ask('start-stream', { streamKey: 'large', userId: 'alice' }), { status: 'active' }, 'who runs already goes on')
  await client.ask('end-stream', { streamKey: 'large', userId: 'alice' })
  t.equal((await http(server, '/livestream/second/start', start)).status, 200, 'it has ended: there is room to be had')
})

t.test('HLS-07: after a restart what the retention keeps is there, counted, and what it does not is gone', async t => {
  const streamsDir = await newFolder(t)
  const options = { streamsDir, retentionHours: 24 }
  const first = await startServer(t, { options })
  for (const key of ['kept', 'gone']) await publish(first, key)
  const { usedBytes } = await storageOf(first)
  await first.close()
  await mkdir(join(streamsDir, 'recordings'))
  await writeFile(join(streamsDir, 'recordings', 'a.mp4'), 'not a stream')
  const longAgo = new Date(Date.now() - 25 * 3_600_000)
  for (const name of ['gone', 'recordings']) await utimes(join(streamsDir, name), longAgo, longAgo)

  const second = await startServer(t, { options })
  t.match(await playlistOf(second, 'kept'), { ended: true })
  t.equal((await http(second, '/livestream/gone/stream.m3u8')).status, 404)
  t.strictSame((await readdir(streamsDir)).filter(name => !name.startsWith('.')).sort(), ['kept', 'recordings'])
  const kept = (await storageOf(second)).usedBytes
  t.ok(kept > usedBytes * 0.4 && kept < usedBytes * 0.6, `${kept} of ${usedBytes} bytes`)
})
