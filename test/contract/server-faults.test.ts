import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { newClient } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { startServer } from '../fixtures/server.ts'

t.test('6: what is the fault of the server is a 500 in the same form, and says nothing about the server', async t => {
  const server = await startServer(t)
  // A folder where a file should be: opening works, reading fails.
  for (const name of ['stream.m3u8', 'live.m3u8', 'segment_0.ts']) await mkdir(join(server.streamsDir, 'broken', name), { recursive: true })
  for (const name of ['stream.m3u8', 'live.m3u8', 'segment_0.ts', 'thumbnail.jpg']) {
    const answer = await http(server, `/livestream/broken/${name}`)
    t.equal(answer.status, 500, name)
    t.match(answer.headers, { 'content-type': /^application\/json/, 'access-control-allow-origin': '*' })
    t.notMatch(answer.headers['cache-control'], /public/)
    t.strictSame(answer.json, { error: 'Internal server error', code: 'INTERNAL_ERROR', streamKey: 'broken' })
  }
})

t.test('a stream whose folder cannot be opened: INTERNAL_ERROR, and the server goes on', async t => {
  const server = await startServer(t)
  await writeFile(join(server.streamsDir, 'blocked'), 'a file where the folder should be')
  const client = newClient(server)
  const error = await client.ask('start-stream', { streamKey: 'blocked', userId: 'alice' })
  t.match(error, { error: String, code: 'INTERNAL_ERROR', streamKey: 'blocked' })
  t.notMatch(error.error, server.streamsDir)
  t.match(await client.ask('stream-data', { streamKey: 'blocked', chunk: Buffer.from('x') }), { code: 'STREAM_NOT_FOUND' })
  t.match(await client.ask('start-stream', { streamKey: 'free', userId: 'alice' }), { status: 'broadcasting' })
  t.match((await http(server, '/livestream/active')).json, { count: 1 })
})
