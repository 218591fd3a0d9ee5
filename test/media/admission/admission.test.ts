import fc from 'fast-check'
import t from 'tap'
import { completeLivestreamOptions } from '../../../src/config/load.ts'
import type { LivestreamConfig } from '../../../src/config/livestream.ts'
import { Admission, type Reservation } from '../../../src/media/admission/admission.ts'
import { STREAM_KINDS, type StreamCost } from '../../../src/media/admission/cost.ts'

function make (settings: Partial<LivestreamConfig> = {}): { admission: Admission, heard: string[] } {
  const heard: string[] = []
  const admission = new Admission({
    settings: completeLivestreamOptions({ cpuBudget: 1, copyCost: 0.01, ...settings }),
    onRefused: () => heard.push('refused'),
    onOvercommitted: () => heard.push('overcommitted')
  })
  return { admission, heard }
}

const video = (cores: number): StreamCost => ({ kind: 'video-transcode', cores })
const audio = (cores: number): StreamCost => ({ kind: 'audio-transcode', cores })
const copy = (cores: number): StreamCost => ({ kind: 'copy', cores })

t.test('as many streams as fit', async t => {
  const { admission, heard } = make({ cpuBudget: 0.3 })
  const reservations = [0.1, 0.1, 0.1].map(cores => {
    const reservation = admission.reservation()
    t.equal(reservation.reserve(video(cores)), false)
    return reservation
  })
  const fourth = admission.reservation()
  t.throws(() => fourth.reserve(video(0.1)), {
    code: 'SERVER_BUSY',
    message: 'This stream needs 0.10 CPU cores, because its video has to be transcoded; the server has too little left (0.00 of 0.30 are free). Record H.264, which is copied, or try again later',
    retryAfterMs: 10_000
  })
  t.equal(fourth.cost, undefined)
  t.throws(() => fourth.reserve(audio(0.1)), { message: /because its sound has to be transcoded.* Record AAC, which is copied/ })
  t.throws(() => fourth.reserve(copy(0.1)), { message: 'This stream needs 0.10 CPU cores, the server has too little left (0.00 of 0.30 are free). Try again later' })
  t.strictSame(heard, ['refused', 'refused', 'refused'])
  reservations[1]!.release()
  t.equal(fourth.reserve(video(0.1)), false, 'one that ends gives its place')
})

t.test('a running stream is not refused: what it takes grows beyond the budget', async t => {
  const { admission, heard } = make()
  const [one, other] = [admission.reservation(), admission.reservation()]
  one.reserve(copy(0.1))
  other.reserve(video(0.9))
  t.equal(one.reserve(video(0.5)), true)
  t.equal(one.reserve(video(0.5)), false, 'a restart takes nothing more')
  t.equal(one.reserve(audio(0.2)), false, 'nor does what gets cheaper')
  t.strictSame(heard, ['overcommitted'])
  t.match(admission.report, { budgetCores: 1, reservedCores: 1.1 })
  t.strictSame(STREAM_KINDS.map(kind => admission.reservedBy(kind)), [0, 0.2, 0.9])
  t.throws(() => admission.reservation().reserve(copy(0.01)), { code: 'SERVER_BUSY' })
})

t.test('what an earlier server left has its share at once', async t => {
  const { admission, heard } = make()
  admission.reservation(video(0.8))
  const second = admission.reservation(video(0.8))
  t.equal(admission.report.reservedCores, 1.6)
  second.reserve(video(0.9))
  t.strictSame(heard, ['overcommitted', 'overcommitted'])
})

t.test('a start is refused when not even a copied stream would fit', async t => {
  const { admission } = make({ copyCost: 0.1 })
  const reservation = admission.reservation()
  reservation.reserve(video(0.9))
  t.equal(admission.refusal, undefined)
  reservation.reserve(video(0.95))
  t.equal(admission.refusal, "Streams take all of the server's CPU budget (0.05 of 1.00 are free). Try again later")
  reservation.release()
  t.equal(admission.refusal, undefined)
})

t.test('what is released is given back once, and takes nothing any more', async t => {
  const { admission } = make()
  const reservation = admission.reservation()
  reservation.release()
  reservation.reserve(video(0.5))
  t.equal(admission.report.reservedCores, 0)
})

t.test('an automatic budget is most of what the process may use', async t => {
  const { admission } = make({ cpuBudget: 0 })
  await admission.open()
  t.ok(admission.report.budgetCores > 0 && Number.isFinite(admission.report.budgetCores))
  const { admission: given } = make({ cpuBudget: 3 })
  await given.open()
  t.equal(given.report.budgetCores, 3)
})

t.test('in any order: the sum is that of those which hold something, and admission alone never exceeds the budget', async () => {
  const action = fc.record({ of: fc.nat(5), kind: fc.constantFrom(...STREAM_KINDS), cores: fc.double({ min: 0, max: 0.7, noNaN: true }), does: fc.constantFrom('reserve', 'reserve', 'release', 'anew') })
  fc.assert(fc.property(fc.array(action, { maxLength: 60 }), actions => {
    const { admission } = make()
    const reservations: Reservation[] = Array.from({ length: 6 }, () => admission.reservation())
    const held = new Map<Reservation, number>()
    let overcommitted = false
    for (const { of, kind, cores, does } of actions) {
      const reservation = reservations[of]!
      if (does === 'reserve') {
        const wasRunning = held.has(reservation)
        try {
          const isOver = reservation.reserve({ kind, cores })
          if (isOver && !wasRunning) return false
          overcommitted ||= isOver
          if (reservation.cost !== undefined) held.set(reservation, cores)
        } catch {
          if (wasRunning) return false
        }
      } else {
        reservation.release()
        held.delete(reservation)
        if (does === 'anew') reservations[of] = admission.reservation()
      }
      const { reservedCores, budgetCores } = admission.report
      const expected = [...held.values()].reduce((all, cores) => all + cores, 0)
      const byKind = STREAM_KINDS.reduce((all, kind) => all + admission.reservedBy(kind), 0)
      if (Math.abs(reservedCores - expected) > 1e-9 || Math.abs(reservedCores - byKind) > 1e-9) return false
      if (!overcommitted && reservedCores > budgetCores + 1e-6) return false
    }
    for (const reservation of reservations) reservation.release()
    return admission.report.reservedCores === 0
  }), { numRuns: 500 })
})
