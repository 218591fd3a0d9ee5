import { EventEmitter } from 'node:events'
import t from 'tap'
import { EventHooks } from '../../src/livestream/event-hooks.ts'
import type { HostHooks, SegmentListedEvent, StreamEndedEvent, StreamStartedEvent } from '../../src/livestream/host-hooks.ts'
import type { LiveEvents } from '../../src/livestream/live-events.ts'
import { Told } from '../fixtures/told.ts'

function hooked (hooks: HostHooks, { timeoutMs = 10_000, maxQueued = 100 } = {}) {
  const events = new EventEmitter() as unknown as LiveEvents
  const log = new Told()
  const emitter = events as unknown as EventEmitter
  return {
    log,
    hooks: new EventHooks({ events, hooks, timeoutMs, maxQueued, log }),
    start: (streamKey = 'show') => emitter.emit('stream-started', { streamKey } as StreamStartedEvent),
    list: (sequence: number, streamKey = 'show') => emitter.emit('segment-listed', { streamKey, sequence } as SegmentListedEvent),
    end: (streamKey = 'show') => emitter.emit('stream-ended', { streamKey } as StreamEndedEvent)
  }
}

/** A promise that somebody else settles. */
function deferred (): { promise: Promise<void>, done: () => void } {
  let done!: () => void
  return { promise: new Promise<void>(resolve => { done = resolve }), done: () => done() }
}

t.test('one call after the other, in the order of the events; streams do not wait for each other', async t => {
  const calls: string[] = []
  const slow = deferred()
  const { hooks, log, start, list, end } = hooked({
    onStreamStarted: async ({ streamKey }) => {
      calls.push(`${streamKey} begins`)
      if (streamKey === 'show') await slow.promise
      calls.push(`${streamKey} has begun`)
    },
    onSegmentListed: ({ streamKey, sequence }) => { calls.push(`${streamKey} ${sequence}`) },
    onStreamEnded: async ({ streamKey }) => { calls.push(`${streamKey} over`) }
  })
  start()
  list(0)
  start('other')
  end()
  end('other')
  t.strictSame(calls, [], 'the stream goes on first')
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(calls, ['show begins', 'other begins', 'other has begun', 'other over'])
  slow.done()
  await hooks.close()
  t.strictSame(calls.slice(4), ['show has begun', 'show 0', 'show over'])
  t.strictSame(log.entries, [])
})

t.test('what fails is logged, and the next one is told', async t => {
  const calls: string[] = []
  const { hooks, log, start, list, end } = hooked({
    onStreamStarted: () => { throw new Error('now') },
    onSegmentListed: async () => { throw new Error('later') },
    onStreamEnded: () => { calls.push('over') }
  })
  start()
  list(0)
  end()
  await hooks.close()
  t.match(log.all('a hook of the host failed'), [{ err: { message: 'now' }, hook: 'onStreamStarted' }, { err: { message: 'later' }, hook: 'onSegmentListed' }])
  t.strictSame(calls, ['over'])
})

t.test('what takes too long is left behind; its signal fires', async t => {
  const signals: AbortSignal[] = []
  const over = deferred()
  const { log, start, end } = hooked({
    onStreamStarted: async (_event, signal) => {
      signals.push(signal)
      await new Promise(() => {})
    },
    onStreamEnded: () => over.done()
  }, { timeoutMs: 20 })
  start()
  end()
  await over.promise
  t.equal(signals[0]!.aborted, true)
  t.match(log.all('a hook of the host failed'), [{ err: { message: 'not done within 20 ms' }, hook: 'onStreamStarted' }])
})

t.test('a host that is slower than segments come: some are not told, beginnings and ends are', async t => {
  const slow = deferred()
  const told: number[] = []
  const ended: string[] = []
  const { hooks, log, start, list, end } = hooked({
    onStreamStarted: async () => await slow.promise,
    onSegmentListed: ({ sequence }) => { told.push(sequence) },
    onStreamEnded: ({ streamKey }) => { ended.push(streamKey) }
  }, { maxQueued: 3 })
  start()
  await new Promise(resolve => setImmediate(resolve))
  for (let sequence = 0; sequence < 1_000; sequence++) list(sequence)
  end()
  slow.done()
  await hooks.close()
  t.strictSame(told, [0, 1, 2])
  t.strictSame(ended, ['show'])
  t.strictSame(log.entries.map(({ level, fields }) => [level, fields]), [['warn', { hook: 'onSegmentListed' }], ['warn', { skipped: 997 }]])
})

t.test('nor does anything else fill the memory', async t => {
  const slow = deferred()
  let ends = 0
  const { hooks, log, start, end } = hooked({ onStreamStarted: async () => await slow.promise, onStreamEnded: () => { ends++ } }, { maxQueued: 2 })
  for (let broadcast = 0; broadcast < 10; broadcast++) {
    start()
    end()
  }
  slow.done()
  await hooks.close()
  t.equal(ends, 2)
  t.equal(log.all('the hooks of the host are too slow: an event is not told').length, 16)
})

t.test('an event of a hook is told in its turn', async t => {
  const calls: string[] = []
  const { hooks, start, end } = hooked({
    onStreamStarted: () => {
      end()
      calls.push('begun')
    },
    onStreamEnded: () => { calls.push('over') }
  })
  start()
  await hooks.close()
  t.strictSame(calls, ['begun', 'over'])
})

t.test('closing waits for what is still to be told, once for the time-out at the most', async t => {
  let aborted = 0
  const { hooks, log, start, end } = hooked({
    onStreamStarted: async (_event, signal) => {
      signal.addEventListener('abort', () => { aborted++ })
      await new Promise(() => {})
    },
    onStreamEnded: async () => await new Promise(() => {})
  }, { timeoutMs: 50 })
  for (const key of ['one', 'two']) {
    start(key)
    end(key)
    start(key)
  }
  await new Promise(resolve => setImmediate(resolve))
  await hooks.close()
  t.equal(aborted, 2)
  t.match(log.all('the server closes before the hooks of the host were told everything').length, 2)
  await hooks.close()
})
