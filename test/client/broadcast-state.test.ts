import t from 'tap'
import { BROADCAST_STATES, canBecome, isOver } from '../../src/client/broadcast-state.ts'

t.test('the life of a broadcast', async t => {
  t.same(BROADCAST_STATES.filter(isOver), ['ended', 'failed'])
  t.same(BROADCAST_STATES.filter(state => canBecome(state, 'live')), ['connecting', 'reconnecting'])
  for (const state of BROADCAST_STATES.filter(state => !isOver(state))) t.ok(canBecome(state, 'ended'), `${state} can end`)
  for (const state of BROADCAST_STATES) t.notOk(canBecome('ended', state))
})
