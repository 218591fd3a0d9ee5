import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer, type TestServer } from '../fixtures/server.ts'

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'

/** A broadcast from beginning to end. */
async function publish (server: TestServer, streamKey: string, seconds: number): Promise<void> {
  const client = await newBroadcaster(server, streamKey)
  await sendAll(client, streamKey, inPieces(await recording({ seconds }), seconds))
  await client.ask('end-stream', { streamKey, userId: 'alice' })
  client.socket.disconnect()
}

function segmentsIn (playlist: string): string[] {
  return playlist.split('\n').filter(line => line.startsWith('segment_'))
}

function durationsIn (playlist: string): number[] {
  return [...playlist.matchAll(/^#EXTINF:(\d+\.\d{3}),$/gm)].map(([, seconds]) => Number(seconds))
}

function checkManifestHeaders (t: Test, headers: NodeJS.Dict<string | string[]>): void {
  t.match(headers, { 'content-type': PLAYLIST_TYPE, 'cache-control': 'no-cache', 'access-control-allow-origin': '*' })
}

function checkSegmentHeaders (t: Test, headers: NodeJS.Dict<string | string[]>): void {
  t.match(headers, { 'content-type': 'video/mp2t', 'cache-control': 'public, max-age=3600', 'access-control-allow-origin': '*' })
}

t.test('4.1, HLS-07, HLS-21: stream.m3u8 while it grows', async t => {
  const server = await startServer(t, { options: { liveWindowSegments: 3 } })
  const client = await newBroadcaster(server, 'grows')
  const seen: string[] = []
  const lives: string[] = []
  const pieces = inPieces(await recording({ seconds: 14 }), 14)
  for (const [seq, chunk] of pieces.entries()) {
    await client.ask('stream-data', { streamKey: 'grows', seq, chunk })
    // The first segment has a second, the others have two.
    if (seq % 2 === 0) continue
    await client.heard.next('stream-segments-updated')
    const manifest = await http(server, '/livestream/grows/stream.m3u8')
    t.equal(manifest.status, 200)
    checkManifestHeaders(t, manifest.headers)
    seen.push(manifest.text)
    lives.push((await http(server, '/livestream/grows/live.m3u8')).text)
  }
  await client.ask('end-stream', { streamKey: 'grows', userId: 'alice' })
  seen.push((await http(server, '/livestream/grows/stream.m3u8')).text)
  lives.push((await http(server, '/livestream/grows/live.m3u8')).text)
  t.equal(seen.length, 8)

  const [head, tail] = seen[0]!.split('\n\n')
  t.strictSame(head!.split('\n'), ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-TARGETDURATION:2', '#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-PLAYLIST-TYPE:EVENT', '#EXT-X-INDEPENDENT-SEGMENTS'])
  t.match(tail, /^#EXT-X-PROGRAM-DATE-TIME:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\n#EXTINF:\d\.\d{3},\nsegment_0\.ts\n/)
  for (const [index, manifest] of seen.entries()) t.ok(manifest.startsWith(seen[index - 1] ?? ''), 'EVENT: lines are only added')

  const last = seen.at(-1)!
  t.match(last, /\n#EXT-X-ENDLIST\n$/, 'ends')
  t.equal(last.match(/#EXT-X-ENDLIST/g)!.length, 1)
  t.notMatch(seen.slice(0, -1).join(''), /ENDLIST/)
  const names = segmentsIn(last)
  t.strictSame(names, names.map((_, index) => `segment_${index}.ts`), 'counted from 0')
  t.ok(durationsIn(last).every(seconds => seconds < 2.5), 'no segment exceeds TARGETDURATION by more than rounding')
  t.ok(Math.abs(durationsIn(last).reduce((sum, seconds) => sum + seconds) - 14) < 0.2, 'the whole recording')
  t.equal(await readFile(join(server.streamsDir, 'grows', 'stream.m3u8'), 'utf8'), last, 'the same on disk')

  t.test('live.m3u8: the same stream as a sliding window', async t => {
    const live = await http(server, '/livestream/grows/live.m3u8')
    t.equal(live.status, 200)
    checkManifestHeaders(t, live.headers)
    for (const [index, text] of lives.entries()) {
      const all = segmentsIn(seen[index]!)
      t.strictSame(segmentsIn(text), all.slice(-3))
      t.match(text, new RegExp(`\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${Math.max(0, all.length - 3)}\n#EXT-X-INDEPENDENT-SEGMENTS\n`))
      t.match(text, /\n#EXT-X-PROGRAM-DATE-TIME:/)
      t.notMatch(text, /PLAYLIST-TYPE/, 'lines go, so it is no EVENT')
    }
    t.match(lives.at(-1), /\n#EXT-X-ENDLIST\n$/)
  })
})

t.test('4.2: segments', async t => {
  // The window in memory holds a segment or two: the older ones come from disk.
  const server = await startServer(t, { options: { memoryWindowBytes: 120_000 } })
  const client = await newBroadcaster(server, 'files')
  await sendAll(client, 'files', inPieces(await recording({ seconds: 8 }), 8))
  const { segmentCount } = await client.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 3)
  const [oldest, newest] = ['segment_0.ts', `segment_${segmentCount - 1}.ts`]

  for (const name of [oldest, newest]) {
    const path = `/livestream/files/${name}`
    const whole = await readFile(join(server.streamsDir, 'files', name))

    t.test(`${name}: the whole of it`, async t => {
      const segment = await http(server, path)
      t.equal(segment.status, 200)
      checkSegmentHeaders(t, segment.headers)
      t.equal(segment.headers['content-length'], String(whole.length))
      t.equal(segment.headers['accept-ranges'], 'bytes')
      t.ok(segment.bytes.equals(whole))
      t.equal(whole.length % 188, 0)
      for (let at = 0; at < whole.length; at += 188) if (whole[at] !== 0x47) t.fail(`no sync byte at ${at}`)
    })

    t.test(`${name}: HEAD`, async t => {
      const segment = await http(server, path, { method: 'HEAD' })
      t.equal(segment.status, 200)
      checkSegmentHeaders(t, segment.headers)
      t.equal(segment.headers['content-length'], String(whole.length))
      t.equal(segment.bytes.length, 0)
    })

    t.test(`${name}: ranges`, async t => {
      const last = whole.length - 1
      const ranges: Array<[range: string, start: number, end: number]> = [
        ['bytes=0-187', 0, 187], ['bytes=188-', 188, last], ['bytes=-376', last - 375, last], [`bytes=-${last + 1000}`, 0, last], [`bytes=100-${last + 1000}`, 100, last], ['bytes=0-0', 0, 0]
      ]
      for (const [range, start, end] of ranges) {
        const part = await http(server, path, { headers: { range } })
        t.equal(part.status, 206, range)
        checkSegmentHeaders(t, part.headers)
        t.equal(part.headers['content-range'], `bytes ${start}-${end}/${whole.length}`)
        t.equal(part.headers['content-length'], String(end - start + 1))
        t.ok(part.bytes.equals(whole.subarray(start, end + 1)))
      }
      const head = await http(server, path, { method: 'HEAD', headers: { range: 'bytes=0-187' } })
      t.match(head, { status: 206, headers: { 'content-length': '188' } })
      const beyond = await http(server, path, { headers: { range: `bytes=${whole.length}-` } })
      t.equal(beyond.status, 416)
      t.match(beyond.headers, { 'content-range': `bytes */${whole.length}`, 'access-control-allow-origin': '*' })
      t.notMatch(beyond.headers['cache-control'], /public/, 'an error is not for caches')
      for (const range of ['bytes=0-1,4-5', 'lines=0-1', 'bytes=x-y', 'nonsense']) {
        const all = await http(server, path, { headers: { range } })
        t.equal(all.status, 200, range)
        t.ok(all.bytes.equals(whole))
      }
    })
  }

  t.test('a query changes nothing', async t => {
    for (const path of ['stream.m3u8', 'live.m3u8', oldest]) t.equal((await http(server, `/livestream/files/${path}?t=1&streamId=unknown&_HLS_msn=2`)).status, 200, path)
  })

  t.test('404: segment not found', async t => {
    for (const path of ['/livestream/files/segment_999.ts', '/livestream/unknown/segment_0.ts', '/livestream/files/segment_999999999999999.ts']) {
      const missing = await http(server, path)
      t.equal(missing.status, 404)
      t.match(missing.headers, { 'content-type': /^application\/json/, 'access-control-allow-origin': '*' })
      t.notMatch(missing.headers['cache-control'], /public/, 'may be there a moment later')
      t.match(missing.json, { error: 'Segment not found', code: 'SEGMENT_NOT_FOUND', streamKey: String })
    }
  })

  t.test('HLS-08: a segment number is digits only, else 400', async t => {
    for (const number of ['x', '-1', '1e3', '0x1', '1.5', '%2e%2e%2fsegment_0', '1%00', '+1', '9999999999999999', '٣']) {
      const answer = await http(server, `/livestream/files/segment_${encodeURI(number).replaceAll('%25', '%')}.ts`)
      t.equal(answer.status, 400, number)
      t.match(answer.json, { error: String, code: 'INVALID_REQUEST' })
    }
  })

  t.test('playlists: HEAD, ranges, gzip', async t => {
    await client.ask('end-stream', { streamKey: 'files', userId: 'alice' })
    for (const name of ['stream.m3u8', 'live.m3u8']) {
      const path = `/livestream/files/${name}`
      const plain = await http(server, path)
      t.equal(plain.headers['content-encoding'], undefined)
      t.match(plain.headers['vary'], /accept-encoding/i)
      const head = await http(server, path, { method: 'HEAD' })
      checkManifestHeaders(t, head.headers)
      t.match(head, { status: 200, headers: { 'content-length': String(plain.bytes.length) } })
      t.equal(head.bytes.length, 0)
      for (const accepted of ['gzip', 'gzip, deflate, br', 'br;q=1.0, gzip;q=0.8', 'GZIP']) {
        const zipped = await http(server, path, { headers: { 'accept-encoding': accepted } })
        checkManifestHeaders(t, zipped.headers)
        t.equal(zipped.headers['content-encoding'], 'gzip', accepted)
        t.equal(gunzipSync(zipped.bytes).toString(), plain.text)
      }
      for (const refused of ['identity', 'br', 'gzip;q=0', 'gzip; q=0.0, identity', 'x-gzipped']) {
        const answer = await http(server, path, { headers: { 'accept-encoding': refused } })
        t.equal(answer.headers['content-encoding'], undefined, refused)
        t.equal(answer.text, plain.text)
      }
      const part = await http(server, path, { headers: { range: 'bytes=0-6', 'accept-encoding': 'gzip' } })
      t.match(part, { status: 206, text: '#EXTM3U' })
      const { status, headers } = await http(server, path, { headers: { range: 'bytes=1000000-' } })
      t.match({ status, headers }, { status: 416, headers: { 'content-range': `bytes */${plain.bytes.length}` } })
    }
  })
})

t.test('4.1: 404 for a stream that nobody knows, at once', async t => {
  const server = await startServer(t)
  for (const name of ['stream.m3u8', 'live.m3u8']) {
    const missing = await http(server, `/livestream/unknown/${name}`)
    t.equal(missing.status, 404)
    t.match(missing.headers, { 'content-type': /^application\/json/, 'access-control-allow-origin': '*' })
    t.equal(missing.headers['retry-after'], undefined)
    t.strictSame(missing.json, { error: 'Stream not found', code: 'STREAM_NOT_FOUND', streamKey: 'unknown' })
  }
})

t.test('HLS-07: a new broadcast on an ended key is a new playlist; numbering goes on, no name comes again, the old segments stay', async t => {
  const server = await startServer(t)
  await publish(server, 'anew', 4)
  const before = segmentsIn((await http(server, '/livestream/anew/stream.m3u8')).text)
  const old = await http(server, `/livestream/anew/${before[0]}`)

  const client = await newBroadcaster(server, 'anew', { userId: 'bob' })
  t.equal(client.started.status, 'broadcasting', 'an ended key is free for everybody')
  await sendAll(client, 'anew', inPieces(await recording({ seconds: 4 }), 4))
  await client.ask('end-stream', { streamKey: 'anew', userId: 'bob' })
  const manifest = (await http(server, '/livestream/anew/stream.m3u8')).text
  const after = segmentsIn(manifest)
  t.strictSame(after, after.map((_, index) => `segment_${before.length + index}.ts`))
  t.match(manifest, new RegExp(`\n#EXT-X-MEDIA-SEQUENCE:${before.length}\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n`))
  t.match(client.heard.all('stream-segments-updated')[0], { segmentCount: 1 }, 'of this broadcast')
  t.ok((await http(server, `/livestream/anew/${before[0]}`)).bytes.equals(old.bytes))
})

t.test('HLS-07: ended streams outlive the server; retention removes old ones and nothing else', async t => {
  const streamsDir = await mkdtemp(join(tmpdir(), 'headwater-retention-'))
  t.teardown(async () => { await rm(streamsDir, { recursive: true, force: true }) })
  const options = { streamsDir, retentionHours: 24 }
  const first = await startServer(t, { options })
  for (const key of ['recent', 'old']) await publish(first, key, 3)
  const recent = await http(first, '/livestream/recent/stream.m3u8')
  await first.close()

  await mkdir(join(streamsDir, 'other'))
  await writeFile(join(streamsDir, 'other', 'notes.txt'), 'not ours')
  const longAgo = new Date(Date.now() - 25 * 3_600_000)
  for (const name of ['old', 'other']) await utimes(join(streamsDir, name), longAgo, longAgo)

  const second = await startServer(t, { options })
  const again = await http(second, '/livestream/recent/stream.m3u8')
  t.match(again, { status: 200, text: recent.text })
  checkManifestHeaders(t, again.headers)
  t.equal((await http(second, '/livestream/recent/live.m3u8')).status, 200)
  const segment = await http(second, '/livestream/recent/segment_0.ts')
  t.equal(segment.status, 200)
  checkSegmentHeaders(t, segment.headers)
  t.equal((await http(second, '/livestream/old/stream.m3u8')).status, 404)
  t.equal((await http(second, '/livestream/old/segment_0.ts')).status, 404)
  t.strictSame((await readdir(streamsDir)).filter(name => !name.startsWith('.')).sort(), ['other', 'recent'])

  await publish(second, 'recent', 3)
  t.match((await http(second, '/livestream/recent/stream.m3u8')).text, new RegExp(`#EXT-X-MEDIA-SEQUENCE:${segmentsIn(recent.text).length}\n`), 'numbering goes on after a restart')
})

t.test('HLS-07: a stream that reaches its byte cap ends with the reason "storage limit", its playlist whole', async t => {
  const server = await startServer(t, { options: { maxStreamStorageBytes: 1_000_000 } })
  const client = await newBroadcaster(server, 'large')
  const pieces = inPieces(await recording({ seconds: 20, videoKbps: 2_000 }), 40)
  const sending = sendAll(client, 'large', pieces)
  t.strictSame(await client.heard.next('stream-ended'), { streamKey: 'large', reason: 'storage limit' })
  await sending
  const manifest = (await http(server, '/livestream/large/stream.m3u8')).text
  t.match(manifest, /#EXT-X-MEDIA-SEQUENCE:0\n[^]*segment_0\.ts\n[^]*#EXT-X-ENDLIST\n$/)
  let bytes = 0
  for (const name of segmentsIn(manifest)) bytes += (await http(server, `/livestream/large/${name}`)).bytes.length
  t.ok(bytes > 300_000 && bytes <= 1_000_000, `${bytes} bytes`)
})
