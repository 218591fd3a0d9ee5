import t from 'tap'
import { openMemory } from '../../../src/platform/state/memory.ts'
import { Told } from '../../fixtures/told.ts'
import { settingsFor } from './settings.ts'
import { stateSuite } from './state-suite.ts'

const told = new Told()

t.test('memory does all that a state does', async t => {
  await stateSuite(t, async (settings, log) => openMemory(settings, log), told)
  t.equal(told.all('a listener failed').length, 250 + 6, 'and what fails is logged')
})

t.test('rate limits fill no memory: of one length only so many are remembered', async t => {
  const state = openMemory(settingsFor({ maxLimitKeys: 1_000 }), told)
  t.teardown(() => state.close())
  await state.limits.take('of a day', 1, 86_400_000)
  await state.limits.take('first', 10, 60_000)
  for (let count = 0; count < 10_000; count++) await state.limits.take(`address ${count}`, 1, 60_000)
  t.equal(state.figures().limitKeys, 1_001)
  t.equal((await state.limits.take('of a day', 1, 86_400_000)).left, -1, 'a flood of short ones does not touch it')
  t.equal((await state.limits.take('first', 10, 60_000)).left, 9, 'the oldest were forgotten')
  t.equal((await state.limits.take('address 9999', 1, 60_000)).left, -1)
})
