import t from 'tap'
import { openMemory } from '../../../src/platform/state/memory.ts'
import { Told } from '../../fixtures/told.ts'
import { seatsSuite } from './seats-suite.ts'

t.test('memory hands out seats', async t => {
  const told = new Told()
  await seatsSuite(t, async (settings, log) => [openMemory(settings, log)], told)
  t.same(told.entries, [])
})
