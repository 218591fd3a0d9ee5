import t from 'tap'
import { canBecome, type StreamState } from '../../src/media/stream-state.ts'

const STATES: StreamState[] = ['prepared', 'live', 'reconnecting', 'ending', 'ended']

t.test('the life of a stream: these steps and no others', async t => {
  const steps = STATES.flatMap(from => STATES.filter(to => canBecome(from, to)).map(to => `${from} -> ${to}`))
  t.strictSame(steps, [
    'prepared -> live', 'prepared -> ending',
    'live -> reconnecting', 'live -> ending',
    'reconnecting -> live', 'reconnecting -> ending',
    'ending -> ended'
  ])
})
