import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Operations } from '../../../../../plugins/ivs/live-messages.ts'
import { OperationsFeed, type Connection, type FeedSocket } from '../../../../../plugins/ivs/pages/stages/operations-feed.ts'

/** A socket that does what the test says. */
class FakeSocket {
  onopen: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  readonly sent: unknown[] = []
  closed = false

  send (text: string): void { this.sent.push(JSON.parse(text)) }
  close (): void { this.closed = true }
  say (message: object): void { this.onmessage!({ data: JSON.stringify(message) }) }
}

const update = (totalViewers: number) => ({ type: 'operations_update', data: { totalViewers, everySeconds: 5 } as Operations })

function scripted (t: Test) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const sockets: FakeSocket[] = []
  const feed = new OperationsFeed(() => {
    sockets.push(new FakeSocket())
    return sockets.at(-1) as unknown as FeedSocket
  })
  const states: Connection[] = []
  feed.on('change', ({ connection }) => { if (states.at(-1) !== connection) states.push(connection) })
  t.teardown(() => {
    feed.stop()
    mock.timers.reset()
  })
  return { feed, sockets, states, last: () => sockets.at(-1)! }
}

t.test('it asks with the key, and shows what comes', async t => {
  const { feed, sockets, states, last } = scripted(t)
  t.equal(feed.snapshot.connection, 'off')
  feed.start('key')
  t.strictSame(last().sent, [], 'not before it is open')
  last().onopen!()
  t.strictSame(last().sent, [{ action: 'subscribe', channel: 'operations', apiKey: 'key' }])
  last().say(update(1))
  last().say({ type: 'something', data: 1 })
  last().say(update(2))
  t.match(feed.snapshot, { connection: 'live', last: { totalViewers: 2 } })
  feed.stop()
  t.match(feed.snapshot, { connection: 'off', last: undefined }, 'nothing is left to see')
  t.equal(last().closed, true)
  mock.timers.tick(120_000)
  t.equal(sockets.length, 1)
  t.strictSame(states, ['connecting', 'live', 'off'])
})

t.test('a loss: what was last stays; it is tried again after 1, 2, 4 … 30 s', async t => {
  const { feed, sockets, states, last } = scripted(t)
  feed.start('key')
  last().onopen!()
  last().say(update(7))
  last().onclose!()
  t.match(feed.snapshot, { connection: 'lost', last: { totalViewers: 7 } })
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    const tries = sockets.length
    mock.timers.tick(seconds * 1000 - 1)
    t.equal(sockets.length, tries, `not before ${seconds} s`)
    mock.timers.tick(1)
    t.equal(sockets.length, tries + 1)
    last().onclose!()
  }
  t.strictSame(states, ['connecting', 'live', 'lost'], 'it does not flicker')
  mock.timers.tick(30_000)
  last().onopen!()
  last().say(update(8))
  t.match(feed.snapshot, { connection: 'live', last: { totalViewers: 8 } })
  last().onclose!()
  const tries = sockets.length
  mock.timers.tick(1_000)
  t.equal(sockets.length, tries + 1, 'it begins with 1 s again')
})

t.test('who does not want to wait', async t => {
  const { feed, sockets, last } = scripted(t)
  feed.retry()
  t.equal(sockets.length, 0)
  feed.start('key')
  feed.retry()
  t.equal(sockets.length, 1)
  last().onclose!()
  feed.retry()
  t.equal(sockets.length, 2)
  mock.timers.tick(1_000)
  t.equal(sockets.length, 2, 'in place of the try that was to come')
})

t.test('a wrong key is not tried again', async t => {
  const { feed, sockets, last } = scripted(t)
  feed.start('wrong')
  last().onopen!()
  last().say({ type: 'error', error: { code: 'VALIDATION_ERROR', message: 'x' } })
  t.equal(feed.snapshot.connection, 'connecting')
  last().say({ type: 'error', error: { code: 'UNAUTHORIZED', message: 'x' } })
  t.match(feed.snapshot, { connection: 'refused', last: undefined })
  t.equal(last().closed, true)
  mock.timers.tick(120_000)
  t.equal(sockets.length, 1)
  feed.start('right')
  last().onopen!()
  t.match(last().sent, [{ apiKey: 'right' }])
  last().say(update(1))
  t.equal(feed.snapshot.connection, 'live')
})

t.test('a line on which nothing comes any more is lost, also where it does not say so', async t => {
  const { feed, sockets, last } = scripted(t)
  feed.start('key')
  mock.timers.tick(9_999)
  t.equal(feed.snapshot.connection, 'connecting')
  mock.timers.tick(1)
  t.equal(feed.snapshot.connection, 'lost', 'it never opened')
  t.equal(sockets[0]!.closed, true)
  mock.timers.tick(1_000)
  last().onopen!()
  last().say(update(1))
  mock.timers.tick(24_999)
  last().say(update(2))
  mock.timers.tick(24_999)
  t.equal(feed.snapshot.connection, 'live')
  mock.timers.tick(1)
  t.match(feed.snapshot, { connection: 'lost', last: { totalViewers: 2 } })
  t.equal(sockets[0]!.onmessage, null, 'what it says later is not heard')
})
