import t from 'tap'
import { startServer } from '../fixtures/server.ts'

t.test('a viewer who joins while the broadcaster is away is told so', async t => {
  const server = await startServer(t)
  const broadcaster = server.connect()
  await broadcaster.emitWithAck('start-stream', { userId: 'owner', streamKey: 'away' })
  const viewer = server.connect()
  await viewer.emitWithAck('join-stream', { userId: 'early', streamKey: 'away' })
  const told = new Promise(resolve => viewer.once('stream-reconnecting', resolve))
  broadcaster.disconnect()
  t.strictSame(await told, { streamKey: 'away', windowSeconds: 60 }, 'who was there hears it')

  const late = server.connect()
  const toldLate = new Promise(resolve => late.once('stream-reconnecting', resolve))
  t.match(await late.emitWithAck('join-stream', { userId: 'late', streamKey: 'away' }), { streamKey: 'away', isLive: true })
  t.strictSame(await toldLate, { streamKey: 'away', windowSeconds: 60 }, 'and so does who comes later')
})
