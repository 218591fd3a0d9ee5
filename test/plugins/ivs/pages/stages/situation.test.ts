import t from 'tap'
import type { Operations } from '../../../../../plugins/ivs/live-messages.ts'
import type { Connection } from '../../../../../plugins/ivs/pages/stages/operations-feed.ts'
import { situationOf } from '../../../../../plugins/ivs/pages/stages/situation.ts'
import { clockText } from '../../../../../plugins/ivs/pages/stages/words.ts'

const now = new Date('2025-10-21T10:30:00.000Z')
const last = { timestamp: '2025-10-21T10:29:30.000Z' } as Operations
const CONNECTIONS: Connection[] = ['off', 'connecting', 'live', 'lost', 'refused']

t.test('there is always something to see or to do', async t => {
  for (const connection of CONNECTIONS) {
    for (const known of [last, undefined]) {
      const { asks, waiting, notice, old } = situationOf({ connection, last: known }, now)
      t.ok(asks || waiting !== undefined || notice !== undefined || connection === 'live', connection)
      t.equal(old, connection === 'lost')
      t.equal(asks, connection === 'off' || connection === 'refused')
    }
  }
})

t.test('what the page says', async t => {
  t.match(situationOf({ connection: 'refused', last: undefined }, now), { keyProblem: /does not take this key/ })
  t.equal(situationOf({ connection: 'off', last: undefined }, now).keyProblem, undefined)
  t.equal(situationOf({ connection: 'live', last }, now).notice, undefined)
  t.strictSame(situationOf({ connection: 'lost', last }, now).notice, { title: 'The server cannot be reached', text: `What you see was so at ${clockText(last.timestamp, now)}. It is tried again by itself.` })
  t.strictSame(situationOf({ connection: 'lost', last: undefined }, now).notice, { title: 'The server cannot be reached', text: 'It is tried again by itself.' })
})
