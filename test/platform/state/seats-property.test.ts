import t from 'tap'
import { Register } from '../../../src/platform/state/memory/register.ts'
import { openMemory } from '../../../src/platform/state/memory.ts'
import { Told } from '../../fixtures/told.ts'
import { seatsProperty, STAYS_MS, type Subject } from './seats-property.ts'
import { settingsFor } from './settings.ts'

/** A register whose clock is set. */
function timed (): Subject {
  const register = new Register(STAYS_MS)
  let now = 0
  return {
    presence: {
      join: async (place, member, options) => register.join(place, member, options, now),
      touch: async (place, member) => register.touch(place, member, now),
      leave: async (place, member) => register.leave(place, member, now),
      members: async place => register.members(place),
      takeSeat: async (pool, member, offers, options) => register.takeSeat(pool, member, offers, options, now)?.seat,
      seatOf: async (pool, member) => register.seatOf(pool, member),
      closeIfEmpty: async place => register.closeIfEmpty(place, now),
      counts: async places => places.map(place => register.count(place, now)),
      stay: async (place, member) => register.stay(place, member, now),
      clear: async place => register.clear(place)
    },
    clock: {
      set: to => { now = to },
      sweep: () => { register.takeTimedOut(now) }
    }
  }
}

t.test('seats and stays are as in a model, with time', async t => {
  await seatsProperty(t, { runs: 60, isTimed: true, begin: () => [timed()] })
})

t.test('the same over the surface of memory', async t => {
  const state = openMemory(settingsFor(), new Told())
  t.teardown(() => state.close())
  await seatsProperty(t, { runs: 30, begin: () => [state] })
})
