import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { DiskWatch } from '../../../src/media/storage/disk-watch.ts'
import { Told } from '../../fixtures/told.ts'

/** A disk whose free space is what the test says; an error is thrown. */
function make (t: Test, free: Array<number | Error>, { intervalMs = 60_000, onChecked = async () => {} }: { intervalMs?: number, onChecked?: () => Promise<void> } = {}) {
  const told = new Told()
  const seen: string[] = []
  let measured = 0
  const watch: DiskWatch = new DiskWatch({
    folder: 'folder',
    marks: { lowBytes: 1_000, criticalBytes: 500 },
    intervalMs,
    log: told,
    onChanged: () => { seen.push(`now ${watch.state}`) },
    onChecked: async state => {
      seen.push(state)
      await onChecked()
    },
    measure: async folder => {
      t.equal(folder, 'folder')
      const next = free[Math.min(measured++, free.length - 1)]!
      if (next instanceof Error) throw next
      return next
    }
  })
  t.teardown(() => watch.stop())
  return { watch, told, seen, measured: () => measured }
}

t.test('each change is told once', async t => {
  const { watch, told, seen } = make(t, [2_000, 900, 800, 400, 300, 2_000, 2_000])
  t.strictSame([watch.state, watch.freeBytes], ['ok', undefined], 'nothing is known yet')
  for (let round = 0; round < 7; round++) await watch.check()
  t.strictSame(seen, ['ok', 'now low', 'low', 'low', 'now critical', 'critical', 'critical', 'now ok', 'ok', 'ok'])
  t.strictSame(told.entries.map(({ level, fields }) => [level, (fields as { state: string }).state, (fields as { freeBytes: number }).freeBytes]), [['warn', 'low', 900], ['warn', 'critical', 400], ['info', 'ok', 2_000]])
  t.strictSame([watch.state, watch.freeBytes], ['ok', 2_000])
})

t.test('what cannot be measured is told once, and changes nothing', async t => {
  const { watch, told, seen } = make(t, [900, new Error('gone'), new Error('gone'), 900, new Error('gone')])
  for (let round = 0; round < 5; round++) await watch.check()
  t.strictSame(seen, ['now low', 'low', 'low', 'low', 'low', 'low'])
  t.equal(told.all('free space could not be found out').length, 2, 'once each time it begins')
  t.equal(watch.freeBytes, 900)
})

t.test('what follows from a check may fail', async t => {
  const { watch, told } = make(t, [100], { onChecked: async () => { throw new Error('no') } })
  await watch.check()
  await watch.check()
  t.equal(told.all('what follows from the free space failed').length, 2)
})

t.test('checks come again and again, never two at a time, until it is stopped', async t => {
  // The watch's own timer does not keep a process alive.
  const alive = setInterval(() => {}, 60_000)
  t.teardown(() => clearInterval(alive))
  let running = 0
  let most = 0
  let checks = 0
  let enough = () => {}
  const four = new Promise<void>(resolve => { enough = resolve })
  const { watch, measured } = make(t, [2_000], {
    intervalMs: 2,
    onChecked: async () => {
      most = Math.max(most, ++running)
      await delay(7)
      running--
      if (++checks === 4) enough()
    }
  })
  await watch.start()
  await four
  await watch.stop()
  const soFar = measured()
  await delay(20)
  t.equal(measured(), soFar, 'nothing after the stop')
  t.equal(most, 1)
})
