import t from 'tap'
import { LookingAfter, type LookingAfterOptions } from '../../../plugins/live-sessions/looking-after.ts'
import { Told } from '../../fixtures/told.ts'

const NAME = '6f1c7d0e-5a57-4d0b-9a55-0d6a4b1f7c11'

t.test('what was told, or timed out, is done before it is closed', async t => {
  const ends: Array<() => void> = []
  let timeOut!: (sessionId: string, userId: number, lastSeenAt: Date) => Promise<void>
  const lookingAfter = new LookingAfter({
    // A database that answers when the test says so.
    orm: { transaction: async () => await new Promise<boolean>(resolve => { ends.push(() => { resolve(true) }) }) },
    seats: {
      onTimeout: (listener: typeof timeOut) => {
        timeOut = listener
        return () => {}
      }
    },
    log: new Told()
  } as unknown as LookingAfterOptions)
  const participant = { identity: '7', sid: 'PA_1', name: 'Ada', isPerson: true }
  const work = [
    lookingAfter.hear({ type: 'participant-left', id: 'EV_1', at: new Date(), room: { name: NAME, sid: 'RM_1' }, participant }),
    timeOut(NAME, 7, new Date())
  ]
  let isClosed = false
  const closing = lookingAfter.close().then(() => { isClosed = true })
  for (const end of ends) {
    await new Promise(setImmediate)
    t.notOk(isClosed)
    end()
  }
  t.equal(ends.length, work.length)
  await Promise.all([...work, closing])
})
