import t from 'tap'
import type { RoomEvent } from '../../../src/rooms/provider.ts'
import type { Answer } from '../../fixtures/http.ts'
import { startLivekitHost } from '../../fixtures/livekit-host.ts'
import { LIVEKIT_SECRET, webhookEvent, webhookSignature, type Signing } from '../../fixtures/livekit-webhook.ts'

const MAX_BYTES = 4_096
const MAX_AGE_SECONDS = 60

const log: string[] = []
// Two servers of one installation, which share their state.
const host = await startLivekitHost(t, { '': { webhookMaxBytes: MAX_BYTES, webhookMaxAgeSeconds: MAX_AGE_SECONDS }, '/second': { webhookMaxAgeSeconds: MAX_AGE_SECONDS } }, { logger: { level: 'trace', stream: { write: line => { log.push(line) } } } })
const told: Array<{ at: string, event: RoomEvent }> = []
for (const at of ['', '/second']) host.at(at).rooms.onEvent(event => { told.push({ at, event }) })

interface Sending {
  signing?: Signing
  headers?: Record<string, string>
  at?: string
}

async function send (body: string | Buffer, { signing, headers = {}, at = '' }: Sending = {}): Promise<Answer> {
  return await host.ask(`${at}/api/livekit/webhook`, { method: 'POST', body, headers: { 'content-type': 'application/webhook+json', authorization: webhookSignature(body.toString(), signing), ...headers } })
}

/** What was told since the last call. */
const news = () => told.splice(0)

const room = { sid: 'RM_abcdefghijkl', name: 'room-1', emptyTimeout: 300, creationTime: '1700000000', creationTimeMs: '1700000000123', metadata: '{}', numParticipants: 1 }
const person = { sid: 'PA_abcdefghijkl', identity: 'ada', name: 'Ada', state: 'ACTIVE', kind: 'STANDARD', joinedAt: '1700000000' }

t.test('events are told as what they are', async t => {
  const names = { name: 'room-1', sid: 'RM_abcdefghijkl' }
  const participant = { identity: 'ada', sid: 'PA_abcdefghijkl', name: 'Ada', isPerson: true }
  const egress = { egressId: 'EG_abcdefghijkl', roomName: 'room-1', roomId: 'RM_abcdefghijkl' }
  for (const { sent, event } of [
    { sent: ['room_started', { room }], event: { type: 'room-started', room: names } },
    { sent: ['participant_joined', { room, participant: person }], event: { type: 'participant-joined', room: names, participant } },
    { sent: ['participant_joined', { room, participant: { ...person, kind: 'EGRESS' } }], event: { type: 'participant-joined', participant: { isPerson: false } } },
    { sent: ['participant_left', { room, participant: { ...person, kind: 'AGENT', state: 'DISCONNECTED' } }], event: { type: 'participant-left', room: names, participant: { identity: 'ada', isPerson: false } } },
    { sent: ['egress_started', { egressInfo: { ...egress, status: 'EGRESS_STARTING' } }], event: { type: 'recording-changed', recording: { id: 'EG_abcdefghijkl', room: 'room-1', state: 'starting' } } },
    { sent: ['egress_updated', { egressInfo: { ...egress, status: 'EGRESS_ACTIVE', startedAt: '1700000000123456789' } }], event: { type: 'recording-changed', recording: { state: 'active', startedAt: new Date(1_700_000_000_123) } } },
    { sent: ['egress_ended', { egressInfo: { ...egress, status: 'EGRESS_COMPLETE', endedAt: '1700000012000000000', fileResults: [{ filename: 'rec/1.mp4', location: 'https://bucket.example.com/rec/1.mp4', duration: '11876543210', size: '5368709120' }] } }], event: { type: 'recording-changed', recording: { state: 'complete', endedAt: new Date(1_700_000_012_000), file: { location: 'https://bucket.example.com/rec/1.mp4', durationMs: 11_876, bytes: 5_368_709_120 } } } },
    { sent: ['egress_ended', { egressInfo: { ...egress, status: 'EGRESS_ABORTED', error: 'Start signal not received' } }], event: { type: 'recording-changed', recording: { state: 'failed', problem: 'Start signal not received' } } },
    { sent: ['room_finished', { room }], event: { type: 'room-finished', room: names } }
  ] as Array<{ sent: [string, object], event: object }>) {
    const body = webhookEvent(...sent)
    const { status, json } = await send(body)
    t.strictSame([status, json], [200, { outcome: 'taken' }], body)
    const [one, ...more] = news()
    t.match(one, { at: '', event: { ...event, id: JSON.parse(body).id } }, body)
    t.strictSame(one?.event.at, new Date(Number(JSON.parse(body).createdAt) * 1000), 'when it happened')
    t.strictSame(more, [])
  }
})

t.test('it is taken as other senders and proxies make it', async t => {
  const send1 = async (headers: Record<string, string>) => {
    const body = webhookEvent('room_started', { room, fieldOfALaterVersion: { x: 1 } })
    return await send(body, { headers: { authorization: webhookSignature(body), ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('$', webhookSignature(body))])) } })
  }
  for (const headers of [{ authorization: 'Bearer $' }, { authorization: 'bearer $' }, { 'content-type': 'application/json' }, { 'content-type': 'application/webhook+json; charset=utf-8' }]) t.match(await send1(headers as never), { status: 200, json: { outcome: 'taken' } }, JSON.stringify(headers))
  t.equal(news().length, 4)
  const pretty = JSON.stringify(JSON.parse(webhookEvent('room_started', { room })), null, 2)
  t.match(await send(pretty), { status: 200, json: { outcome: 'taken' } }, 'the bytes count, not what is written with them')
  t.equal(news().length, 1)
})

t.test('forged: nobody who does not have the key is heard', async t => {
  const body = webhookEvent('room_finished', { room })
  const participantsToken = await host.at('').rooms.issueToken({ room: 'room-1', identity: 'eve', permissions: { canPublish: true, sources: [], canSubscribe: true, canPublishData: true }, isAdmin: true, lifeSeconds: 60 })
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${webhookSignature(body).split('.')[1]}.`
  for (const [what, headers] of Object.entries({
    'no signature': { authorization: '' },
    'no token': { authorization: 'Bearer' },
    garbage: { authorization: 'x.y.z' },
    'another secret': { authorization: webhookSignature(body, { secret: 'another secret that is as long as that one' }) },
    'another key': { authorization: webhookSignature(body, { key: 'APIother' }) },
    'another algorithm': { authorization: webhookSignature(body, { algorithm: 'HS384' }) },
    'no algorithm': { authorization: unsigned },
    'too long ago': { authorization: webhookSignature(body, { lifeSeconds: -60 }) },
    'over another body': { authorization: webhookSignature(body, { over: `${body} ` }) },
    'a token for a room': { authorization: participantsToken }
  })) {
    const answer = await send(body, { headers })
    t.match(answer, { status: 401, json: { code: 'ROOM_TOKEN_INVALID', error: /signed|signature/ } }, what)
    t.notMatch(answer.text, LIVEKIT_SECRET)
  }
  const { status } = await host.ask('/api/livekit/webhook', { method: 'POST', body, headers: { 'content-type': 'application/webhook+json' } })
  t.equal(status, 401, 'no header at all')
  t.strictSame(news(), [])
  t.match(await send(body), { status: 200, json: { outcome: 'taken' } }, 'while this one is good')
  t.equal(news().length, 1)
})

t.test('re-serialised: a body that something in between has written anew is refused', async t => {
  const body = webhookEvent('room_finished', { room })
  const again = JSON.stringify(JSON.parse(body), null, 1)
  t.match(await send(again, { headers: { authorization: webhookSignature(body) } }), { status: 401, json: { error: /over another body/ } })
  t.match(await send('', { headers: { authorization: webhookSignature(body) } }), { status: 401 }, 'or lost')
  t.strictSame(news(), [])
})

t.test('garbage that is signed is no event', async t => {
  for (const body of ['', 'x', '{', '[]', '"event"', 'null', '{}', '{"event":5}', webhookEvent('room_started', { id: '' }), webhookEvent('', { room }), webhookEvent('room_started', { createdAt: '0' }), webhookEvent('room_started', { createdAt: 'soon' }), webhookEvent('room_started', { room: 'room-1' })]) t.match(await send(body), { status: 400, json: { code: 'INVALID_REQUEST', error: /event/ } }, body)
  t.match(await send(Buffer.from([0xff, 0xfe, 0x00])), { status: 401 }, 'bytes that are no text have another digest as text')
  t.match(await send('x', { headers: { 'content-type': 'text/plain' } }), { status: 415, json: { code: 'UNSUPPORTED_MEDIA_TYPE' } })
  t.strictSame(news(), [])
})

t.test('oversized: what is too large is not read', async t => {
  const body = webhookEvent('room_started', { room: { ...room, metadata: 'x'.repeat(MAX_BYTES) } })
  t.match(await send(body), { status: 413, json: { code: 'PAYLOAD_TOO_LARGE' } })
  t.match(await send(body, { headers: { authorization: 'x' } }), { status: 401 }, 'a stranger is refused before')
  t.match(await send(body, { at: '/second' }), { status: 200, json: { outcome: 'taken' } }, 'where it may be larger')
  t.strictSame(news().map(({ at }) => at), ['/second'])
})

t.test('replayed: what is old, or ahead, is taken and left alone', async t => {
  for (const seconds of [-MAX_AGE_SECONDS - 5, MAX_AGE_SECONDS + 5, -86_400]) {
    const body = webhookEvent('participant_joined', { room, participant: person, createdAt: String(Math.floor(Date.now() / 1000) + seconds) })
    t.match(await send(body), { status: 200, json: { outcome: 'old' } }, `${seconds} s`)
  }
  t.match(await send(webhookEvent('participant_joined', { room, participant: person, createdAt: String(Math.floor(Date.now() / 1000) - MAX_AGE_SECONDS + 10) })), { json: { outcome: 'taken' } }, 'while late is not old')
  t.equal(news().length, 1)
  t.ok(log.some(line => line.includes('left alone')), 'the log says so')
})

t.test('doubled: an event is told once, on one server', async t => {
  const body = webhookEvent('participant_joined', { room, participant: person })
  const outcomes = (await Promise.all([send(body), send(body), send(body, { at: '/second' }), send(body, { at: '/second' })])).map(({ status, json }) => `${status} ${json.outcome}`).sort()
  t.strictSame(outcomes, ['200 repeated', '200 repeated', '200 repeated', '200 taken'])
  t.match(await send(body, { signing: { lifeSeconds: 100 } }), { json: { outcome: 'repeated' } }, 'signed anew')
  t.equal(news().length, 1)
})

t.test('reordered: each is told as it comes, with when it happened', async t => {
  const now = Math.floor(Date.now() / 1000)
  await send(webhookEvent('participant_left', { room, participant: person, createdAt: String(now) }))
  await send(webhookEvent('participant_joined', { room, participant: person, createdAt: String(now - 5) }))
  t.strictSame(news().map(({ event: { type, at } }) => [type, at.getTime() / 1000]), [['participant-left', now], ['participant-joined', now - 5]])
})

t.test('what nobody wants to know is taken and ignored', async t => {
  for (const body of [webhookEvent('track_published', { room, participant: person, track: { sid: 'TR_x' } }), webhookEvent('participant_connection_aborted', { room, participant: person }), webhookEvent('ingress_started', {}), webhookEvent('something_new', { room }), webhookEvent('participant_joined', { room }), webhookEvent('egress_ended', {})]) t.match(await send(body), { status: 200, json: { outcome: 'ignored' } }, body)
  t.strictSame(news(), [])
})

t.test('a listener that fails keeps nobody from hearing, and LiveKit from no answer', async t => {
  const end = host.at('').rooms.onEvent(async () => { throw new Error('this listener is broken') })
  t.match(await send(webhookEvent('room_started', { room })), { status: 200, json: { outcome: 'taken' } })
  end()
  t.equal(news().length, 1)
  t.ok(log.some(line => line.includes('this listener is broken')), 'it is logged')
})

t.test('it is counted, and no key is in the log', async t => {
  const text = await host.at('').metrics.text()
  for (const outcome of ['taken', 'ignored', 'old', 'repeated', 'refused']) t.match(text, new RegExp(`headwater_livekit_webhooks_total\\{outcome="${outcome}"\\} [1-9]`))
  t.ok(log.length > 20)
  for (const line of log) for (const secret of [LIVEKIT_SECRET, 'eyJ']) t.notOk(line.includes(secret), line)
})
