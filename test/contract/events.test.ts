import t from 'tap'
import { newBroadcaster, newClient, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

/** Contract 2 and 3: the twelve events, on each transport of the official client. */
const TRANSPORTS = { websocket: ['websocket'], polling: ['polling'], 'polling, then websocket': ['polling', 'websocket'] }

const TOKEN = /^[A-Za-z0-9_-]{32}$/

for (const [transport, transports] of Object.entries(TRANSPORTS)) {
  t.test(transport, async t => {
    const server = await startServer(t)
    const live = await recording({ seconds: 6 })
    const connect = () => newClient(server, { transports })
    const broadcast = async (streamKey: string) => await newBroadcaster(server, streamKey, { transports })

    t.test('1: the documented JavaScript client, which starts before it is connected and takes no acknowledgements', async t => {
      const { socket, heard } = newClient(server, { transports, query: { streamKey: 'documented' } })
      socket.emit('start-stream', { userId: 'user123', streamKey: 'documented' })
      t.notOk(socket.connected, 'the event waits in the client')
      for (const chunk of inPieces(live, 24)) socket.emit('stream-data', { streamKey: 'documented', chunk })
      socket.emit('end-stream', { streamKey: 'documented', userId: 'user123' })
      const started = await heard.next('stream-started')
      t.match(started, { streamKey: 'documented', status: 'broadcasting', message: String })
      t.strictSame(await heard.next('stream-ended'), { streamKey: 'documented', reason: 'ended by owner' })
      const manifest = await http(server, '/livestream/documented/stream.m3u8')
      t.equal(manifest.status, 200)
      t.match(manifest.text, /segment_3\.ts\n#EXT-X-ENDLIST\n$/, 'all of it was published')
      t.equal(heard.count('stream-error'), 0)
    })

    t.test('start-stream: stream-started with status broadcasting; HLS-01, HLS-02: the broadcaster also gets resumeToken, nextSeq and playbackUrl', async t => {
      const { started } = await broadcast('begin')
      t.match(started, { streamKey: 'begin', status: 'broadcasting', message: String, resumeToken: TOKEN, nextSeq: 0, playbackUrl: '/livestream/begin/stream.m3u8' })
      t.strictSame(Object.keys(started).sort(), ['message', 'nextSeq', 'playbackUrl', 'resumeToken', 'status', 'streamKey'])
    })

    t.test('HLS-01: start-stream answers its acknowledgement with the same', async t => {
      const { heard, ask } = connect()
      const answer = await ask('start-stream', { streamKey: 'asked', userId: 'alice' })
      t.match(answer, { streamKey: 'asked', status: 'broadcasting', resumeToken: TOKEN, nextSeq: 0 })
      t.strictSame(await heard.next('stream-started'), answer)
    })

    t.test('HLS-02: start-stream again on the socket that broadcasts: stream-started with status active', async t => {
      const { ask, started } = await broadcast('again')
      t.match(await ask('start-stream', { streamKey: 'again', userId: 'alice' }), { streamKey: 'again', status: 'active', resumeToken: started.resumeToken })
    })

    t.test('HLS-02: start-stream twice in one breath, before the first is answered', async t => {
      const { socket, heard } = connect()
      for (let count = 0; count < 3; count++) socket.emit('start-stream', { streamKey: 'stutter', userId: 'alice' })
      t.match(await heard.next('stream-started'), { status: 'broadcasting' })
      for (let count = 0; count < 2; count++) t.match(await heard.next('stream-started'), { status: 'active' })
      t.equal(heard.count('stream-error'), 0)
    })

    t.test('HLS-02: start-stream of another userId: STREAM_ALREADY_EXISTS', async t => {
      const owner = await broadcast('taken')
      t.match(await owner.ask('start-stream', { streamKey: 'taken', userId: 'bob' }), { code: 'STREAM_ALREADY_EXISTS' }, 'on the same socket too')
      const other = connect()
      other.socket.emit('start-stream', { streamKey: 'taken', userId: 'bob' })
      t.match(await other.heard.next('stream-error'), { error: String, code: 'STREAM_ALREADY_EXISTS', streamKey: 'taken' })
      t.equal(other.heard.count('stream-started'), 0)
    })

    t.test('HLS-01: stream-data with seq and an acknowledgement: seq is what was taken, safeSeq what is listed and on disk', async t => {
      const client = await broadcast('counted')
      const pieces = inPieces(live, 12)
      const answers = await sendAll(client, 'counted', pieces)
      t.strictSame(answers.map(({ seq }) => seq), pieces.map((_, seq) => seq))
      t.equal(answers[0].safeSeq, -1, 'nothing is listed yet')
      for (const [index, { safeSeq }] of answers.entries()) t.ok(safeSeq < index && safeSeq >= (answers[index - 1]?.safeSeq ?? -1), 'never ahead, never back')
      await client.heard.next('stream-segments-updated', ({ segmentCount }) => segmentCount >= 2)
      const repeated = await client.ask('stream-data', { streamKey: 'counted', seq: 3, chunk: pieces[3] })
      t.equal(repeated.seq, 3, 'a repeated chunk is acknowledged')
      t.ok(repeated.safeSeq >= 3, 'half of the recording is safe once half of it is listed')
    })

    t.test('HLS-03: stream-data takes every binary form that a client has', async t => {
      const client = await broadcast('binary')
      const pieces = inPieces(live, 6)
      const forms = [
        (piece: Buffer) => piece,
        (piece: Buffer) => Uint8Array.from(piece).buffer,
        (piece: Buffer) => Uint8Array.from(piece),
        (piece: Buffer) => new DataView(Uint8Array.from(piece).buffer)
      ]
      for (const [seq, piece] of pieces.entries()) {
        t.match(await client.ask('stream-data', { streamKey: 'binary', seq, chunk: forms[seq % forms.length]!(piece) }), { seq })
      }
      await client.ask('end-stream', { streamKey: 'binary', userId: 'alice' })
      t.match((await http(server, '/livestream/binary/stream.m3u8')).text, /segment_2\.ts/)
      t.equal(client.heard.count('stream-error'), 0)
    })

    t.test('stream-segments-updated: the number of segments available, to everybody in the stream', async t => {
      const client = await broadcast('segments')
      const viewer = connect()
      await viewer.ask('join-stream', { streamKey: 'segments', userId: 'bob' })
      await sendAll(client, 'segments', inPieces(live, 12))
      await client.ask('end-stream', { streamKey: 'segments', userId: 'alice' })
      await viewer.heard.next('stream-ended')
      const counts = client.heard.all('stream-segments-updated')
      t.ok(counts.length >= 3)
      t.strictSame(counts, counts.map((_, index) => ({ streamKey: 'segments', segmentCount: index + 1 })))
      t.strictSame(viewer.heard.all('stream-segments-updated'), counts)
    })

    t.test('join-stream, leave-stream: stream-joined for the viewer; viewer-joined, viewer-left for the broadcaster and the other viewers (HLS-06)', async t => {
      const client = await broadcast('watched')
      const [first, second] = [connect(), connect()]
      t.strictSame(await first.ask('join-stream', { streamKey: 'watched', userId: 'v1' }), { streamKey: 'watched', viewerCount: 1, isLive: true }, 'the broadcaster is not counted')
      t.strictSame(await first.heard.next('stream-joined'), { streamKey: 'watched', viewerCount: 1, isLive: true })
      t.strictSame(await client.heard.next('viewer-joined'), { streamKey: 'watched', viewerCount: 1 })

      second.socket.emit('join-stream', { streamKey: 'watched', userId: 'v2' })
      t.strictSame(await second.heard.next('stream-joined'), { streamKey: 'watched', viewerCount: 2, isLive: true })
      t.strictSame(await client.heard.next('viewer-joined'), { streamKey: 'watched', viewerCount: 2 })
      t.strictSame(await first.heard.next('viewer-joined'), { streamKey: 'watched', viewerCount: 2 })
      t.equal(second.heard.count('viewer-joined'), 0, 'the joiner has its own event')

      t.strictSame(await second.ask('join-stream', { streamKey: 'watched', userId: 'v2' }), { streamKey: 'watched', viewerCount: 2, isLive: true }, 'HLS-04: twice on one socket counts once')
      t.strictSame(await client.ask('join-stream', { streamKey: 'watched', userId: 'alice' }), { streamKey: 'watched', viewerCount: 2, isLive: true }, 'HLS-06: the broadcaster does not count')

      second.socket.emit('leave-stream', { streamKey: 'watched' })
      t.strictSame(await client.heard.next('viewer-left'), { streamKey: 'watched', viewerCount: 1 })
      t.strictSame(await first.heard.next('viewer-left'), { streamKey: 'watched', viewerCount: 1 })
      t.strictSame(await second.ask('leave-stream', { streamKey: 'watched' }), { streamKey: 'watched' }, 'leaving twice does no harm')
      t.equal(second.heard.count('viewer-left'), 0)

      first.socket.disconnect()
      t.strictSame(await client.heard.next('viewer-left'), { streamKey: 'watched', viewerCount: 0 }, 'HLS-06: a disconnect is a leave')
      t.equal(client.heard.count('viewer-joined'), 2)
      t.equal(client.heard.count('viewer-left'), 2)
    })

    t.test('HLS-06: a viewer of several streams who disconnects leaves them all', async t => {
      const owners = [await broadcast('several-1'), await broadcast('several-2')]
      const viewer = connect()
      for (const streamKey of ['several-1', 'several-2']) t.match(await viewer.ask('join-stream', { streamKey, userId: 'v' }), { viewerCount: 1 })
      viewer.socket.disconnect()
      for (const [index, { heard }] of owners.entries()) t.strictSame(await heard.next('viewer-left'), { streamKey: `several-${index + 1}`, viewerCount: 0 })
    })

    t.test('HLS-06: who has left hears no more of the stream', async t => {
      const client = await broadcast('left')
      const viewer = connect()
      await viewer.ask('join-stream', { streamKey: 'left', userId: 'v' })
      await viewer.ask('leave-stream', { streamKey: 'left' })
      await client.ask('end-stream', { streamKey: 'left', userId: 'alice' })
      t.strictSame(await viewer.ask('leave-stream', { streamKey: 'left' }), { streamKey: 'left' }, 'answered after the end')
      t.equal(viewer.heard.count('stream-ended'), 0)
    })

    t.test('HLS-04: join-stream on a key that is known and not live; stream-started when it begins, and again for the next broadcast', async t => {
      await http(server, '/livestream/soon/start', { method: 'POST', body: { action: 'start', timestamp: 1704110400 } })
      const viewer = connect()
      t.strictSame(await viewer.ask('join-stream', { streamKey: 'soon', userId: 'v' }), { streamKey: 'soon', viewerCount: 1, isLive: false })
      const client = await broadcast('soon')
      t.strictSame(await viewer.heard.next('stream-started'), { streamKey: 'soon', status: 'broadcasting' }, 'without the token')
      await client.ask('end-stream', { streamKey: 'soon', userId: 'alice' })
      t.strictSame(await viewer.heard.next('stream-ended'), { streamKey: 'soon', reason: 'ended by owner' })
      t.strictSame(await viewer.ask('join-stream', { streamKey: 'soon', userId: 'v' }), { streamKey: 'soon', viewerCount: 1, isLive: false })
      await client.ask('start-stream', { streamKey: 'soon', userId: 'alice' })
      t.strictSame(await viewer.heard.next('stream-started'), { streamKey: 'soon', status: 'broadcasting' })
      t.strictSame(await viewer.ask('join-stream', { streamKey: 'soon', userId: 'v' }), { streamKey: 'soon', viewerCount: 1, isLive: true }, 'a viewer who stayed is still counted')
    })

    t.test('HLS-06: a viewer who begins to broadcast is no longer counted as a viewer', async t => {
      await http(server, '/livestream/both/start', { method: 'POST', body: { action: 'start', timestamp: 1704110400 } })
      const [client, viewer] = [connect(), connect()]
      await client.ask('join-stream', { streamKey: 'both', userId: 'alice' })
      t.match(await viewer.ask('join-stream', { streamKey: 'both', userId: 'v' }), { viewerCount: 2 })
      await client.ask('start-stream', { streamKey: 'both', userId: 'alice' })
      t.match(await viewer.ask('join-stream', { streamKey: 'both', userId: 'v' }), { viewerCount: 1 })
      t.strictSame(await viewer.heard.next('viewer-left'), { streamKey: 'both', viewerCount: 1 })
    })

    t.test('end-stream: stream-ended with the reason for the caller and everybody in the stream (HLS-05)', async t => {
      const client = await broadcast('ended')
      const viewer = connect()
      await viewer.ask('join-stream', { streamKey: 'ended', userId: 'v' })
      client.socket.emit('end-stream', { streamKey: 'ended', userId: 'alice' })
      const expected = { streamKey: 'ended', reason: 'ended by owner' }
      t.strictSame(await client.heard.next('stream-ended'), expected)
      t.strictSame(await viewer.heard.next('stream-ended'), expected)
      t.match(await client.ask('end-stream', { streamKey: 'ended', userId: 'alice' }), { code: 'STREAM_NOT_FOUND' }, 'it has ended')
      t.equal(client.heard.count('stream-ended'), 1)
    })

    t.test('stream-error: error, code and streamKey; the acknowledgement says the same', async t => {
      const { heard, ask } = connect()
      const cases: Array<[event: string, payload: unknown, code: string]> = [
        ['join-stream', { streamKey: 'nowhere', userId: 'v' }, 'STREAM_NOT_FOUND'],
        ['leave-stream', { streamKey: 'nowhere' }, 'STREAM_NOT_FOUND'],
        ['end-stream', { streamKey: 'nowhere', userId: 'v' }, 'STREAM_NOT_FOUND'],
        ['stream-data', { streamKey: 'nowhere', chunk: Buffer.from('x') }, 'STREAM_NOT_FOUND'],
        ['stream-data', { streamKey: 'nowhere', chunk: 'text' }, 'MEDIA_ERROR']
      ]
      for (const [event, payload, code] of cases) {
        const answer = await ask(event, payload)
        t.match(answer, { error: String, code, streamKey: 'nowhere' }, `${event}: ${code}`)
        t.strictSame(await heard.next('stream-error'), answer)
      }
    })

    t.test('stream-data of somebody else: UNAUTHORIZED (HLS-03)', async t => {
      const client = await broadcast('foreign')
      const other = connect()
      other.socket.emit('stream-data', { streamKey: 'foreign', chunk: live.subarray(0, 1000) })
      t.match(await other.heard.next('stream-error'), { error: String, code: 'UNAUTHORIZED', streamKey: 'foreign' })
      t.equal((await client.ask('stream-data', { streamKey: 'foreign', chunk: live.subarray(0, 1000), seq: 0 })).seq, 0, 'the owner is not disturbed')
    })

    t.test('payloads that are none: INVALID_REQUEST', async t => {
      const { ask } = connect()
      const payloads: unknown[] = [undefined, null, 7, 'text', [], Buffer.from('x'), {}, { streamKey: 7, userId: 'x' }, { streamKey: 'x' }, { streamKey: 'x', userId: '' }, { streamKey: 'x', userId: ' ' }, { streamKey: 'x', userId: {} }, { streamKey: 'x', userId: 'a'.repeat(257) }]
      for (const payload of payloads) {
        for (const event of ['start-stream', 'join-stream', 'end-stream']) t.match(await ask(event, payload), { error: String, code: 'INVALID_REQUEST' })
      }
      t.match(await ask('start-stream', { streamKey: 'x', userId: 'x', resumeToken: 7 }), { code: 'INVALID_REQUEST' })
      for (const seq of [-1, 1.5, '1', {}, Number.MAX_SAFE_INTEGER + 1]) t.match(await ask('stream-data', { streamKey: 'x', chunk: Buffer.from('x'), seq }), { code: 'INVALID_REQUEST' })
    })

    t.test('HLS-17: only hyphenated events, each with exactly one argument, as the Python client hands them to its handlers', async t => {
      const client = await broadcast('python')
      const viewer = connect()
      await viewer.ask('join-stream', { streamKey: 'python', userId: 'v' })
      await viewer.ask('leave-stream', { streamKey: 'python' })
      await viewer.ask('join-stream', { streamKey: 'nowhere', userId: 'v' })
      await sendAll(client, 'python', inPieces(live, 4))
      await client.ask('end-stream', { streamKey: 'python', userId: 'alice' })
      const heard = [...client.heard.heard, ...viewer.heard.heard].filter(({ event }) => event !== 'connect')
      for (const { event, args } of heard) {
        t.match(event, /^[a-z]+(-[a-z]+)+$/)
        t.equal(args.length, 1, event)
      }
      t.strictSame([...new Set(heard.map(({ event }) => event))].sort(), ['session-offset', 'stream-ended', 'stream-error', 'stream-joined', 'stream-segments-updated', 'stream-started', 'viewer-joined', 'viewer-left'])
    })
  })
}
