import fc from 'fast-check'
import t from 'tap'
import { Outbox } from '../../src/client/outbox.ts'

t.test('the outbox keeps what is not safe', async t => {
  const outbox = new Outbox<string>(2)
  t.equal(outbox.take(), undefined)
  t.ok(outbox.idle)
  for (let seq = 0; seq < 4; seq++) outbox.add(String(seq), 1)
  t.same([outbox.take()?.seq, outbox.take()?.seq, outbox.take()?.seq], [0, 1, undefined], 'no more than the window')
  t.ok(outbox.acknowledge(0, { seq: 0, safeSeq: -1 }))
  t.equal(outbox.take()?.seq, 2)
  t.equal(outbox.keptBytes, 4, 'taken is not yet safe')
  t.ok(outbox.acknowledge(1, { seq: 1, safeSeq: 0 }))
  t.equal(outbox.keptBytes, 3)

  t.ok(outbox.resume(1), 'the server wants one again that it had taken')
  t.same([outbox.take()?.seq, outbox.take()?.seq], [1, 2])
  t.notOk(outbox.acknowledge(1, { seq: 0, safeSeq: 0 }), 'refused')
  t.equal(outbox.take(), undefined, 'what is under way behind it is waited for')
  t.notOk(outbox.acknowledge(2, { seq: 0, safeSeq: 0 }))
  t.notOk(outbox.idle)
  t.same([outbox.take()?.seq, outbox.take()?.seq], [1, 2], 'sending goes back to the first that was not taken')
  t.notOk(outbox.resume(0), 'what was safe is gone')
  t.notOk(outbox.resume(9), 'what was never recorded too')
  t.equal(outbox.count, 4)
})

t.test('whatever the connection does, chunks arrive once and in order', async t => {
  /** What can happen next. */
  const event = fc.oneof(
    { weight: 4, arbitrary: fc.constant('record' as const) },
    { weight: 4, arbitrary: fc.constant('deliver' as const) },
    { weight: 2, arbitrary: fc.constant('make safe' as const) },
    { weight: 1, arbitrary: fc.constant('refuse' as const) },
    { weight: 1, arbitrary: fc.constant('reconnect' as const) },
    { weight: 1, arbitrary: fc.constant('crash' as const) }
  )
  t.doesNotThrow(() => fc.assert(fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (events, window) => {
    const outbox = new Outbox<string>(window)
    const wire: Array<{ seq: number, body: string }> = []
    let taken = -1
    let safe = -1
    const send = () => {
      for (let next = outbox.take(); next !== undefined; next = outbox.take()) wire.push(next)
      if (wire.length > window) throw new Error('too many under way')
    }
    const deliver = (refused: boolean) => {
      const arrived = wire.shift()
      if (arrived === undefined) return
      if (arrived.body !== String(arrived.seq)) throw new Error('another chunk')
      // A server takes what follows, knows what it has, and refuses what is too early.
      if (!refused && arrived.seq === taken + 1) taken++
      outbox.acknowledge(arrived.seq, { seq: arrived.seq <= taken ? arrived.seq : taken, safeSeq: safe })
    }
    let recorded = 0
    for (const name of events) {
      switch (name) {
        case 'record': outbox.add(String(recorded++), 1); break
        case 'deliver': deliver(false); break
        case 'refuse': deliver(true); break
        case 'make safe': safe = Math.min(taken, safe + 2); break
        case 'crash':
        case 'reconnect':
          // A crash loses what was taken but not safe.
          if (name === 'crash') taken = safe
          wire.length = 0
          if (!outbox.resume(safe + 1)) throw new Error('a chunk that is not safe was forgotten')
      }
      send()
    }
    // In the end all arrives: what was refused is sent again.
    for (let tries = 0; tries < 1_000; tries++) {
      deliver(false)
      send()
    }
    if (!outbox.idle) throw new Error('something is still to be sent')
    if (taken !== recorded - 1) throw new Error(`only ${taken + 1} of ${recorded} arrived`)
  }), { numRuns: 300 }))
})

t.test('what waits to be taken is told', async t => {
  const outbox = new Outbox<string>(2)
  for (const size of [10, 20, 30]) outbox.add('', size)
  const waiting = () => outbox.waiting.map(({ seq }) => seq)
  t.same(waiting(), [0, 1, 2])
  outbox.take()
  outbox.take()
  t.same(waiting(), [0, 1, 2], 'under way is not taken')
  outbox.acknowledge(0, { seq: 0, safeSeq: -1 })
  t.same(waiting(), [1, 2])
  outbox.acknowledge(1, { seq: 1, safeSeq: 1 })
  t.same(waiting(), [2], 'safe ones are gone')
  t.equal(outbox.keptBytes, 30)
  t.ok(outbox.resume(2))
  t.same(waiting(), [2])
  t.ok(outbox.resume(3))
  t.same(waiting(), [])
  t.equal(outbox.keptBytes, 0)
})
