import t from 'tap'
import type { Guest } from '../../../../plugins/livekit/local/hall-messages.ts'
import { Roster } from '../../../../plugins/livekit/local/roster.ts'
import { ALL_PERMISSIONS } from '../../../../src/rooms/provider.ts'

const guest = (identity: string, turn: number, name = identity): Guest => ({
  room: 'meeting',
  turn,
  person: { identity, sid: `PA_${identity}${turn}`, name, attributes: {}, permissions: ALL_PERMISSIONS, joinedAt: '2026-01-01T00:00:00.000Z' }
})
const joined = (one: Guest) => ({ type: 'participant-joined', participant: one.person })
const left = ({ person: { identity, sid } }: Guest) => ({ type: 'participant-left', identity, sid })

t.test('what is told is told once, in whichever order it comes', async t => {
  const roster = new Roster()
  const [ada, bob, again] = [guest('ada', 1), guest('bob', 2), guest('ada', 3)]
  t.same(roster.here(bob), [joined(bob)])
  t.same(roster.here(ada), [joined(ada)])
  t.same(roster.persons(), [ada.person, bob.person], 'by when they came')
  t.same(roster.here(ada), [])
  t.same(roster.here(guest('ada', 1, 'Ada')), [{ type: 'participant-changed', participant: { ...ada.person, name: 'Ada' } }])
  t.same(roster.here(again), [left(ada), joined(again)], 'a later connection of the same identity')
  t.same([roster.here(ada), roster.gone('ada', ada.person.sid)], [[], []], 'what comes late of the earlier one')
  t.same(roster.find('ada'), again)
  t.same([roster.gone('ada', again.person.sid), roster.gone('ada', again.person.sid)], [[left(again)], []])
  const [high, low] = [{ ...guest('cy', 5), turn: 4 }, guest('cy', 4)]
  t.same([roster.here(low), roster.here(high), roster.here(low)], [[joined(low)], [left(low), joined(high)], []], 'of one turn the greater sid counts')
})

t.test('what was seen is older than what was heard since', async t => {
  const roster = new Roster()
  const [ada, bob, cy, dan] = [guest('ada', 1), guest('bob', 2), guest('cy', 3), guest('dan', 4)]
  for (const one of [ada, bob]) roster.here(one)
  roster.look()
  roster.gone('ada', ada.person.sid)
  roster.here(cy)
  t.same(roster.saw([ada, bob, dan]), [joined(dan)], 'ada went and cy came meanwhile')
  roster.look()
  t.same(roster.saw([cy]), [left(bob), left(dan)], 'messages about them were lost')
  t.same(roster.persons(), [cy.person])
})
