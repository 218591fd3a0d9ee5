import type { Test } from 'tap'
import { openLocalRooms } from '../../../../plugins/livekit/local/open.ts'
import type { LocalRooms } from '../../../../plugins/livekit/local/provider.ts'
import type { LivekitConfig } from '../../../../src/config/livekit.ts'
import { completeLivekitOptions } from '../../../../src/config/load.ts'
import type { Database } from '../../../../src/platform/database/database.ts'
import type { State } from '../../../../src/platform/state/state.ts'
import type { RoomServerMessage } from '../../../../src/rooms/local-messages.ts'
import { ALL_PERMISSIONS } from '../../../../src/rooms/provider.ts'
import { ROOM_KEY } from '../../../fixtures/local-rooms.ts'
import { Told } from '../../../fixtures/told.ts'

/** Two servers of a new installation that have a clock of their own. */
export interface ClosingParts {
  database: Database
  states: readonly [State, State]
}

class Clock {
  #ms = Date.parse('2026-01-01T00:00:00.500Z')

  readonly now = (): Date => new Date(this.#ms)

  pass (seconds: number): void {
    this.#ms += seconds * 1000
  }
}

/** Somebody who is in a room without a socket. */
async function enter (rooms: LocalRooms, room: string, identity: string): Promise<{ leave: () => Promise<void> } | string> {
  const stay = await rooms.enter({ room, identity, attributes: {}, isAdmin: false, permissions: ALL_PERMISSIONS }, { tell: (_message: RoomServerMessage) => {}, end: async () => { if (typeof stay !== 'string') await stay.leave() } })
  return stay
}

export async function closingSuite (t: Test, open: (t: Test) => Promise<ClosingParts>): Promise<void> {
  const start = async (t: Test, settings: Partial<LivekitConfig> = {}) => {
    const { database, states } = await open(t)
    const clock = new Clock()
    const config = completeLivekitOptions({ emptyTimeoutSeconds: 600, departureTimeoutSeconds: 20, sidHours: 1, sweepSeconds: 3_600, ...settings })
    const servers = await Promise.all(states.map(async state => {
      const rooms = await openLocalRooms({ config, database, state, signingKey: ROOM_KEY, socketPath: '/ws/rooms', log: new Told(), now: clock.now })
      t.teardown(() => rooms.close())
      return rooms
    })) as [LocalRooms, LocalRooms]
    const finished: string[] = []
    for (const rooms of servers) rooms.onEvent(event => { if (event.type === 'room-finished') finished.push(event.room.name) })
    const sweep = async () => { await Promise.all(servers.map(async rooms => await rooms.closeEmptyRooms())) }
    return { one: servers[0], two: servers[1], clock, sweep, finished }
  }
  const isOpen = async (rooms: LocalRooms, name: string) => await rooms.findRoom(name) !== undefined

  t.test('a room that nobody has come to', async t => {
    const { one, two, clock, sweep, finished } = await start(t)
    t.same((await one.createRoom({ name: 'empty' })).createdAt, new Date('2026-01-01T00:00:00Z'))
    await two.createRoom({ name: 'short', emptyTimeoutSeconds: 10 })
    clock.pass(9.9)
    await sweep()
    t.same(finished, [])
    clock.pass(0.1)
    await sweep()
    t.same(finished, ['short'], 'once')
    clock.pass(300)
    await one.issueToken({ room: 'empty', identity: 'ada', permissions: ALL_PERMISSIONS, lifeSeconds: 60 })
    clock.pass(599)
    await sweep()
    t.ok(await isOpen(two, 'empty'), 'it counts from the last token')
    await two.createRoom({ name: 'empty' })
    clock.pass(599)
    await sweep()
    t.ok(await isOpen(two, 'empty'), 'or from when it was asked for again')
    clock.pass(1)
    await sweep()
    t.notOk(await isOpen(two, 'empty'))
    t.same(finished, ['short', 'empty'])
    t.equal(await enter(one, 'empty', 'ada'), 'room-closed')
  })

  t.test('a room that the last has left', async t => {
    const { one, two, clock, sweep, finished } = await start(t)
    const { sid } = await one.createRoom({ name: 'meeting' })
    const [ada, bob] = [await enter(one, 'meeting', 'ada'), await enter(two, 'meeting', 'bob')] as Array<{ leave: () => Promise<void> }>
    clock.pass(10_000)
    await sweep()
    t.equal((await two.findRoom('meeting'))?.participants, 2, 'while somebody is in it, it stays')
    await ada!.leave()
    clock.pass(10_000)
    await sweep()
    await bob!.leave()
    clock.pass(19)
    await sweep()
    t.ok(await isOpen(one, sid))
    const again = await enter(two, 'meeting', 'ada') as { leave: () => Promise<void> }
    await again.leave()
    clock.pass(19)
    await sweep()
    t.ok(await isOpen(one, sid), 'it counts from the last one who left')
    clock.pass(1)
    await sweep()
    t.notOk(await isOpen(one, sid))
    t.same(finished, ['meeting'])
    t.same(await one.listRooms(), [])

    const { sid: next } = await two.createRoom({ name: 'meeting' })
    t.equal((await one.findRoom(sid))?.sid, next, 'the sid of earlier leads to it')
    clock.pass(500)
    await two.createRoom({ name: 'meeting' })
    clock.pass(3_600 - 500)
    await two.createRoom({ name: 'meeting' })
    await sweep()
    t.notOk(await isOpen(one, sid), 'until it is forgotten')
    t.ok(await isOpen(one, next))
  })

  t.test('somebody who comes while rooms are closed is in an open one, or is told', async t => {
    const { one, two, clock, sweep } = await start(t, { emptyTimeoutSeconds: 1, departureTimeoutSeconds: 1 })
    for (let round = 0; round < 10; round++) {
      const name = `round ${round}`
      await one.createRoom({ name })
      clock.pass(2)
      const swept = round % 2 === 0 ? undefined : sweep()
      // A little further each time.
      for (let turn = 0; turn < round * 3; turn++) await new Promise(setImmediate)
      const [came] = await Promise.all([enter(two, name, 'ada'), swept ?? sweep()])
      if (typeof came === 'string') t.equal(came, 'room-closed')
      t.equal(await isOpen(one, name), typeof came !== 'string', `${name}: ${typeof came === 'string' ? came : 'in'}`)
    }
  })
}
