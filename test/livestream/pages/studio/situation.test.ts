import t from 'tap'
import { BROADCAST_STATES, isOver, type BroadcastState } from '../../../../src/client/broadcast-state.ts'
import type { BroadcastSnapshot, BroadcastStats } from '../../../../src/client/broadcaster.ts'
import { ClientError } from '../../../../src/client/client-error.ts'
import { audienceText, beforeStart, bitrateText, formatText, gapText, refusalText, situationOf, sizeText, timeText } from '../../../../src/livestream/pages/studio/situation.ts'
import { viewersText } from '../../../../src/livestream/pages/viewers-text.ts'

const quiet: BroadcastStats = { recordedBitrate: 0, takenBitrate: 0, queuedChunks: 0, queuedBytes: 0, lagSeconds: 0, keptBytes: 0, sentBytes: 0, reconnects: 0 }

function snapshot (state: BroadcastState, change: Partial<BroadcastSnapshot> = {}): BroadcastSnapshot {
  return { state, isRecording: state === 'live', mimeType: '', liveSince: undefined, playbackUrl: undefined, viewers: undefined, condition: null, error: undefined, endReason: undefined, stats: quiet, ...change }
}

t.test('every state has words', async t => {
  for (const state of BROADCAST_STATES) {
    const { title, kind } = situationOf(snapshot(state))
    t.ok(title.length > 5, `${state}: ${title}`)
    t.equal(kind === 'over', isOver(state))
  }
})

t.test('live is said of what is live', async t => {
  t.match(situationOf(snapshot('live')), { title: 'You are live', kind: 'live' })
  t.match(situationOf(snapshot('live', { isRecording: false })), { title: 'Nothing is sent', kind: 'warning' })
  t.match(situationOf(snapshot('live', { condition: 'disk-full' })), { title: 'The server is held up', kind: 'warning' })
  t.match(situationOf(snapshot('live', { condition: 'encoder-slow' })), { title: 'The server is slow', text: /Nothing is lost/, kind: 'warning' })
  t.match(situationOf(snapshot('live', { stats: { ...quiet, lagSeconds: 4.4 } })), { title: 'The network is slow', text: /4 s late/ })
  t.match(situationOf(snapshot('live', { stats: { ...quiet, lagSeconds: 0.4 } })), { title: 'You are live' })
})

t.test('ends are explained where nobody asked for them', async t => {
  t.equal(situationOf(snapshot('ended', { endReason: 'ended by owner' })).text, '')
  t.match(situationOf(snapshot('ended', { endReason: 'storage limit' })).text, /size/)
  t.match(situationOf(snapshot('failed', { error: new ClientError('TAKEN_OVER') })), { title: 'Sent from elsewhere now', text: /another page/i })
  t.match(situationOf(snapshot('failed', { error: new ClientError('SERVER_BUSY', { message: 'Record H.264' }) })), { title: 'The server is busy', text: 'Record H.264' })
  t.match(situationOf(snapshot('failed', { error: new ClientError('FFMPEG_ERROR', { message: 'FFmpeg failed' }) })), { text: 'FFmpeg failed' })
})

t.test('before and instead of a start', async t => {
  t.equal(beforeStart(true, false).title, 'Ready')
  t.match(beforeStart(false, true).text, /permission/)
  t.equal(beforeStart(false, false).kind, 'warning')
  t.match(refusalText(new ClientError('STREAM_ALREADY_EXISTS')), /another name/)
  t.match(refusalText(new ClientError('UNAUTHORIZED')), /publish key/)
  t.equal(refusalText(new ClientError('SERVER_BUSY', { message: 'The server carries 64 streams already' })), 'The server carries 64 streams already')
})

t.test('gaps', async t => {
  t.match(gapText({ cause: 'buffer-full', seconds: 12.4 }), /^About 12 s/)
  t.match(gapText({ cause: 'window-over', seconds: 0.2 }), /less than a second/)
})

t.test('figures for people', async t => {
  t.same([0, 3.9, 61, 3_723, -1].map(timeText), ['0:00:00', '0:00:03', '0:01:01', '1:02:03', '0:00:00'])
  t.same([0, 127_600, 2_449_000].map(bitrateText), ['0 kbit/s', '128 kbit/s', '2.4 Mbit/s'])
  t.same([0, 999_400, 1_250_000].map(sizeText), ['0 kB', '999 kB', '1.3 MB'])
  t.same([undefined, 0, 1, 2].map(viewersText), ['0 viewers', '0 viewers', '1 viewer', '2 viewers'])
  t.match([0, 1, 7].map(audienceText), [/Nobody/, /One/, /7 viewers/])
  t.same(['video/x-matroska;codecs=avc1,opus', 'video/mp4;codecs="avc1.42e01f,mp4a.40.2"', 'video/webm;codecs=vp09.00.10.08,opus', 'audio/webm;codecs=opus', ''].map(formatText),
    ['H.264 and Opus, Matroska', 'H.264 and AAC, MP4', 'VP9 and Opus, WebM', 'Opus, WebM', '–'])
})
