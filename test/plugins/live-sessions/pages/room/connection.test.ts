import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Joined } from '../../../../../plugins/live-sessions/pages/api/live-session.ts'
import { RoomConnection, type Person } from '../../../../../plugins/live-sessions/pages/room/connection.ts'

const YOU: Person = { identity: '2', name: 'john', role: 'viewer' }
const PATIENCE_MS = 40_000

/** To a room of which nothing is heard until somebody says so. */
class Scripted extends RoomConnection {
  readonly tried: Joined[] = []
  disconnected = 0
  constructor (renew: () => Promise<Joined>) {
    super({ joined: { access_token: 'first' } as Joined, renew }, PATIENCE_MS)
  }

  comeIn (): void { this.entered(YOU, []) }
  protected override connect (joined: Joined): void { this.tried.push(joined) }
  protected override disconnect (): void { this.disconnected++ }
  protected override async send (): Promise<void> {}
}

function start (t: Test): Scripted {
  mock.timers.enable({ apis: ['setTimeout'] })
  const connection = new Scripted(async () => ({ access_token: 'next' } as Joined))
  t.teardown(() => {
    connection.leave()
    mock.timers.reset()
  })
  connection.start()
  return connection
}

t.test('a room that does not answer is told as one, while that may yet come', async t => {
  const connection = start(t)
  mock.timers.tick(9_999)
  t.equal(connection.snapshot.connection, 'connecting')
  mock.timers.tick(1)
  t.match(connection.snapshot, { connection: 'reconnecting', you: undefined })
  t.equal(connection.disconnected, 0, 'the try goes on')
  connection.comeIn()
  mock.timers.tick(10 * PATIENCE_MS)
  t.match(connection.snapshot, { connection: 'connected', you: YOU })
  t.match(connection, { tried: [{ access_token: 'first' }], disconnected: 0 }, 'who is in stays in')
})

t.test('a try that comes to nothing is given up for another one', async t => {
  const connection = start(t)
  mock.timers.tick(PATIENCE_MS)
  t.equal(connection.disconnected, 1)
  mock.timers.tick(1_000)
  await new Promise(setImmediate)
  t.match(connection.tried, [{ access_token: 'first' }, { access_token: 'next' }])
  mock.timers.tick(PATIENCE_MS)
  t.equal(connection.disconnected, 2, 'that one too')
})

t.test('who leaves is not told anything more', async t => {
  const connection = start(t)
  connection.leave()
  mock.timers.tick(10 * PATIENCE_MS)
  t.match(connection.snapshot, { connection: 'left', why: 'left' })
  t.equal(connection.tried.length, 1)
})
