import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { newBroadcaster, sendAll } from '../fixtures/client.ts'
import { http } from '../fixtures/http.ts'
import { LOADER, ownProgram } from '../fixtures/own-program.ts'
import { inPieces, recording } from '../fixtures/recording.ts'
import { startServer } from '../fixtures/server.ts'

const SERVER = ownProgram(new URL('../../src/server.ts', import.meta.url))

async function newFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-lock-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

t.test('a second server on the same folder is refused while the first goes on, and takes over after it closed', async t => {
  const streamsDir = await newFolder(t)
  const options = { streamsDir }
  const first = await startServer(t, { options })
  const client = await newBroadcaster(first, 'show')
  await t.rejects(startServer(t, { options }), { code: 'STREAMS_DIR_IN_USE', message: new RegExp(`${streamsDir}.*process ${process.pid} on .*Stop that server`) })
  await sendAll(client, 'show', inPieces(await recording({ seconds: 3 }), 3))
  t.match(await client.ask('end-stream', { streamKey: 'show', userId: 'alice' }), { reason: 'ended by owner' })
  t.match((await http(first, '/livestream/health')).json, { status: 'healthy' })
  const manifest = (await http(first, '/livestream/show/stream.m3u8')).text
  await first.close()

  const second = await startServer(t, { options })
  t.equal((await http(second, '/livestream/show/stream.m3u8')).text, manifest)
  t.match((await http(second, '/livestream/active')).json, { count: 0 }, 'the lock is no stream')
  await newBroadcaster(second, 'next')
})

/** The server as a process of its own; `ready` resolves when it listens. */
function startProcess (t: Test, streamsDir: string) {
  const child = spawn(process.execPath, [...LOADER, SERVER], { env: { ...process.env, STREAMS_DIR: streamsDir, PORT: '0' }, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const complaint = text(child.stderr)
  const ready = new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', line => { if (line.includes('Server listening at')) resolve() })
    gone.then(async () => reject(new Error(`it ended before it listened: ${await complaint}`)), reject)
  })
  ready.catch(() => {})
  t.teardown(async () => {
    child.kill('SIGKILL')
    await gone
  })
  return { child, gone, ready, complaint }
}

t.test('the same with processes: the second one says so and exits; after a kill -9 the next one starts without waiting', async t => {
  const streamsDir = await newFolder(t)
  const first = startProcess(t, streamsDir)
  await first.ready
  const second = startProcess(t, streamsDir)
  t.strictSame(await second.gone, [1, null])
  t.match(await second.complaint, new RegExp(`^The folder of the streams \\(STREAMS_DIR\\), ${streamsDir}, is in use by another Headwater: process ${first.child.pid} on`))
  t.equal(first.child.exitCode, null, 'the first goes on')
  first.child.kill('SIGKILL')
  await first.gone
  const third = startProcess(t, streamsDir)
  await third.ready
})
