import { readFile } from 'node:fs/promises'
import t from 'tap'
import { startServer } from '../fixtures/server.ts'

t.test('a start right behind an end waits until the old broadcast is published, and is a new one', async t => {
  const server = await startServer(t)
  const recording = await readFile(new URL('../fixtures/chromium/vp8-opus.webm', import.meta.url))
  const client = server.connect()
  const first = await client.emitWithAck('start-stream', { userId: 'owner', streamKey: 'again' })
  await client.emitWithAck('stream-data', { streamKey: 'again', seq: 0, chunk: recording })
  const ended = client.emitWithAck('end-stream', { userId: 'owner', streamKey: 'again' })
  const second = await client.emitWithAck('start-stream', { userId: 'owner', streamKey: 'again' })
  t.match(await ended, { streamKey: 'again', reason: 'ended by owner' })
  t.match(second, { status: 'broadcasting', nextSeq: 0 })
  t.not(second.resumeToken, first.resumeToken, 'another stream, another token')
})
