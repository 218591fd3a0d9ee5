import t from 'tap'
import { overdue, statesBefore, type NextState } from '../../../plugins/recordings/recording-state.ts'
import { newRecordingId, pathOf, recordingIdOf, checkThing } from '../../../plugins/recordings/recording-file.ts'
import type { RecordingState } from '../../../src/recordings/recordings.ts'

const STATES: RecordingState[] = ['starting', 'active', 'processing', 'ready', 'failed']

t.test('steps that can be taken', async t => {
  const steps = STATES.flatMap(to => to === 'starting' ? [] : statesBefore(to as NextState).map(from => `${from} -> ${to}`))
  t.strictSame(steps.sort(), [
    'active -> failed', 'active -> processing', 'processing -> failed', 'processing -> ready', 'starting -> active', 'starting -> failed', 'starting -> processing'
  ], 'what is ready or has failed stays so, and nothing goes back')
})

t.test('what has taken too long', async t => {
  const deadlines = { startSeconds: 60, maxSeconds: 600, finishSeconds: 30 }
  const at = (seconds: number) => new Date(seconds * 1_000)
  const row = (state: RecordingState, { startedAt, endedAt }: { startedAt?: number, endedAt?: number } = {}) =>
    ({ state, createdAt: at(0), startedAt: startedAt === undefined ? null : at(startedAt), endedAt: endedAt === undefined ? null : at(endedAt) })
  for (const [timed, seconds, expected] of [
    [row('starting'), 60, undefined], [row('starting'), 61, 'start'],
    [row('active', { startedAt: 50 }), 650, undefined], [row('active', { startedAt: 50 }), 651, 'end'],
    [row('processing', { endedAt: 100 }), 130, undefined], [row('processing', { endedAt: 100 }), 131, 'finish'],
    [row('processing'), 31, 'finish'],
    [row('ready'), 1e6, undefined], [row('failed'), 1e6, undefined]
  ] as const) t.equal(overdue(timed, deadlines, seconds * 1_000, 0), expected, `${timed.state} after ${seconds} s`)
  // Nobody was there to see it.
  t.equal(overdue(row('starting'), deadlines, 100_000, 50_000), undefined)
  t.equal(overdue(row('processing', { endedAt: 10 }), deadlines, 1_000_000, 980_000), undefined)
  t.equal(overdue(row('processing', { endedAt: 10 }), deadlines, 1_000_000, 960_000), 'finish')
})

t.test('names', async t => {
  const ids = new Set(Array.from({ length: 1_000 }, newRecordingId))
  t.equal(ids.size, 1_000)
  for (const id of ids) {
    if (recordingIdOf(`${id}.mp4`) !== id) t.fail(id)
  }
  for (const name of ['rec_1.mp4', 'rec_0123456789abcdef', '../rec_0123456789abcdef.mp4', 'rec_0123456789abcde/.mp4', 'rec_0123456789abcdef.mp4.mp4', '']) t.equal(recordingIdOf(name), undefined, name)
  t.equal(pathOf({ thingId: 'lesson-1', recordingId: 'rec_0123456789abcdef' }), 'rec/lesson-1/rec_0123456789abcdef.mp4')
  for (const id of ['', '..', 'a/b', 'a b', 'x'.repeat(101)]) t.throws(() => checkThing({ kind: 'live-session', id }), { code: 'INVALID_REQUEST' }, id)
})
