import type { Test } from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { GENERAL_PER_MINUTE, type Embedded } from './host.ts'

const TS_SYNC = 0x47
const JPEG_START = 0xffd8
const CORS = { 'access-control-allow-origin': '*' }

/** A short broadcast goes in over a transport of Socket.IO and comes out as HLS, with picture and state. */
export async function tryBroadcast (t: Test, embedded: Embedded, transport: 'websocket' | 'polling'): Promise<void> {
  const key = `over-${transport}`
  const api = `${embedded.prefix}/livestream`
  const owner = await newBroadcaster(embedded, key, { transports: [transport] })
  t.equal(owner.socket.io.engine.transport.name, transport, `connected over ${transport}`)
  const published = owner.heard.next('stream-segments-updated')
  await sendAll(owner, key, inPieces(await recording({ seconds: 3 }), 4))
  await published
  const playlist = await http(embedded, `${api}/${key}/live.m3u8`)
  t.match(playlist, { status: 200, headers: { ...CORS, 'content-type': 'application/vnd.apple.mpegurl' } }, 'playlist')
  const [first] = readPlaylist(playlist.text).segments
  const segment = await http(embedded, `${api}/${key}/${first!.name}`)
  t.match(segment, { status: 200, headers: { 'content-type': 'video/mp2t' } }, 'segment')
  t.equal(segment.bytes[0], TS_SYNC)
  const picture = await http(embedded, `${api}/${key}/thumbnail.jpg`)
  t.match(picture, { status: 200, headers: { 'content-type': 'image/jpeg' } }, 'thumbnail')
  t.equal(picture.bytes.readUInt16BE(), JPEG_START)
  t.match((await http(embedded, `${api}/${key}/status`)).json, { streamId: key, overall: { isActive: true, hasManifest: true, hasVideoContent: true } }, 'status')
  t.match((await http(embedded, `${api}/active`)).json.streams.find((one: { streamId: string }) => one.streamId === key), { playbackUrl: `${embedded.prefix}/livestream/${key}/stream.m3u8` }, 'address of the playlist')
  const viewer = newClient(embedded, { transports: [transport] })
  t.match(await viewer.ask('join-stream', { streamKey: key, userId: 'v' }), { isLive: true }, 'a viewer')
  t.match(await owner.ask('end-stream', { streamKey: key, userId: 'alice' }), { reason: 'ended by owner' }, 'end')
  await viewer.heard.next('stream-ended')
  t.ok(readPlaylist((await http(embedded, `${api}/${key}/stream.m3u8`)).text).ended)
  for (const { socket } of [owner, viewer]) socket.disconnect()
}

/** Errors have our form, whatever the host's is. */
export async function tryErrors (t: Test, embedded: Embedded): Promise<void> {
  const api = `${embedded.prefix}/livestream`
  const json = { 'content-type': 'application/json' }
  const post = async (headers: Record<string, string>, body: string) => await http(embedded, `${api}/a/start`, { method: 'POST', headers, body })
  const start = { action: 'start', timestamp: 1 }
  const answers = [
    [await post(json, '{"action":'), 400, 'INVALID_REQUEST'],
    [await post(json, JSON.stringify({ ...start, timestamp: '1' })), 400, 'INVALID_REQUEST'],
    [await post({ 'content-type': 'application/xml' }, '<start/>'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
    [await post({ 'content-type': 'text/plain' }, 'start'), 400, 'INVALID_REQUEST'],
    [await post(json, JSON.stringify({ ...start, title: 'x'.repeat(2 << 20) })), 413, 'PAYLOAD_TOO_LARGE'],
    [await http(embedded, `${api}/..%2fa/status`), 400, 'INVALID_REQUEST'],
    [await http(embedded, `${api}/${'k'.repeat(200)}/status`), 400, 'INVALID_REQUEST'],
    [await http(embedded, `${api}/unknown/stream.m3u8`), 404, 'STREAM_NOT_FOUND'],
    [await http(embedded, `${api}/a/nothing`), 404, 'NOT_FOUND'],
    [await http(embedded, `${api}/a/status`, { method: 'DELETE' }), 404, 'NOT_FOUND']
  ] as const
  for (const [answer, status, code] of answers) {
    t.match(answer, { status, headers: { ...CORS, 'content-type': /^application\/json/ } }, `${status} ${code}`)
    t.match(answer.json, { error: String, code })
    t.ok(Object.keys(answer.json).every(name => ['error', 'code', 'streamKey', 'retryAfterMs'].includes(name)), 'nothing else')
  }
  const prepared = await http(embedded, `${api}/prepared/start`, { method: 'POST', body: { ...start, added: true } })
  t.match(prepared, { status: 200, json: { status: 'created_and_started', playbackUrl: `${api}/prepared/stream.m3u8` } }, 'what is good is taken')
}

/** The last that is asked of one of ours: it uses the limit up. */
export async function tryLimit (t: Test, embedded: Embedded): Promise<void> {
  for (let asked = 0; asked <= GENERAL_PER_MINUTE; asked++) {
    const answer = await http(embedded, `${embedded.prefix}/livestream/active`)
    if (answer.status === 200) continue
    t.match(answer, { status: 429, headers: { ...CORS, 'retry-after': /^\d+$/ } }, 'the limit')
    t.match(answer.json, { error: String, code: 'RATE_LIMIT_EXCEEDED', retryAfterMs: Number })
    return
  }
  t.fail('the limit was not reached')
}

/** The pages and what they load, found as a browser finds it. */
export async function tryPages (t: Test, embedded: Embedded): Promise<void> {
  for (const path of ['/studio', '/watch/a', ...(embedded.prefix === '' ? [] : ['/'])]) {
    const address = `${embedded.prefix}${path}`
    const page = await http(embedded, address)
    t.match(page, { status: 200, headers: { 'content-type': /^text\/html/ } }, address)
    const base = new URL(/<base href="([^"]+)">/.exec(page.text)![1]!, new URL(address, embedded.url))
    const [, file] = /<script [^>]*src="([^"]+)"/.exec(page.text)!
    const script = await http(embedded, new URL(file!, base).pathname)
    t.match(script, { status: 200, headers: { 'content-type': /^text\/javascript/ } }, `${file} of ${address}`)
  }
}
