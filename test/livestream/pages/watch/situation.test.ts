import t from 'tap'
import { situationOf, type Known } from '../../../../src/livestream/pages/watch/situation.ts'

const STREAMS = ['unknown', 'not-found', 'waiting', 'live', 'reconnecting', 'ended'] as const
const PLAYBACKS = ['idle', 'loading', 'playing', 'paused', 'stalled', 'finished', 'refused', 'unsupported'] as const

const when = (stream: Known['stream'], playback: Known['playback'], degraded = false) => situationOf({ stream, playback, degraded })

t.test('there is a word for everything, and nothing covers a picture', async t => {
  for (const stream of STREAMS) {
    for (const playback of PLAYBACKS) {
      for (const degraded of [false, true]) {
        const { live, words, veil } = when(stream, playback, degraded)
        const name = `${stream}, ${playback}${degraded ? ', degraded' : ''}`
        t.ok(live || words !== '' || veil === undefined, `${name}: there is a word for it`)
        if (playback === 'playing' || playback === 'paused') t.ok(veil === undefined || !['live', 'reconnecting', 'ended', 'unknown'].includes(stream), `${name}: nothing covers the picture`)
        if (playback === 'stalled' && veil !== undefined && !['not-found', 'waiting', 'unknown'].includes(stream)) t.ok(veil.thin, `${name}: the last picture stays in view`)
        if (live) t.ok(stream === 'live' || stream === 'reconnecting', `${name}: nothing else is live`)
      }
    }
  }
})

t.test('who may not watch is told why, whatever the stream does', async t => {
  for (const stream of STREAMS) {
    const { live, words, veil } = situationOf({ stream, playback: 'refused', degraded: false, refusal: 'This link has expired' })
    t.match({ live, words, veil }, { live: false, words: 'Not allowed', veil: { title: 'You cannot watch this stream', text: /^This link has expired\. Whoever shared it/, busy: false, replay: false } })
  }
})

t.test('what the page says', async t => {
  t.match(when('live', 'playing'), { live: true, words: '', veil: undefined })
  t.match(when('live', 'paused'), { live: true, words: 'Paused' })
  t.match(when('live', 'stalled'), { live: false, words: 'Reconnecting', veil: { thin: true } })
  t.match(when('live', 'finished'), { live: false, words: 'Ended', veil: { replay: true } }, 'the playlist said so')
  t.match(when('live', 'playing', true), { live: true, words: /trouble/, veil: undefined })
  t.match(when('live', 'paused', true), { live: true, words: 'Paused' })
  t.match(when('live', 'stalled', true), { live: false, veil: { title: /trouble/, busy: true, thin: true } })
  t.match(when('live', 'loading', true), { live: false, veil: { title: /trouble/, busy: true, thin: false } })
  t.match(when('reconnecting', 'playing'), { live: true, words: 'The broadcaster is reconnecting' })
  t.match(when('ended', 'playing'), { live: false, words: 'Ended', veil: undefined })
  t.match(when('ended', 'finished'), { veil: { replay: true } })
  t.match(when('waiting', 'idle'), { live: false, words: 'Waiting', veil: { busy: true } })
})
