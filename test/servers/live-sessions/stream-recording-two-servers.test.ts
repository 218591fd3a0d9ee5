import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { io } from 'socket.io-client'
import t from 'tap'
import type { Recording } from '../../../src/recordings/recordings.ts'
import { newBroadcaster, sendAll } from '../../fixtures/client.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { inPieces, recording } from '../../fixtures/recording.ts'
import { OWNER, startRecordingsHost, THING, type RecordingsHost } from '../../fixtures/recordings-host.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'

const KEY = 'lesson-stream'
const SECONDS = 5

const redis = await RedisServer.start(t)
const { url: databaseUrl } = await startPostgresql(t)
const folder = await mkdtemp(join(tmpdir(), 'headwater-two-recorders-'))
t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
const platform = { databaseUrl, redisUrl: redis.url, redisPrefix: `${randomUUID()}:`, dataDir: join(folder, 'data') }

async function hostOf (name: string): Promise<RecordingsHost> {
  // The server without the stream waits for longer than the file may take.
  const host = await startRecordingsHost({ folder: join(folder, name), platform, settings: { pollSeconds: 5, tailSeconds: 60, finishSeconds: 20 } })
  t.teardown(host.close)
  return host
}

const [one, two] = [await hostOf('one'), await hostOf('two')]

async function reach (recordingId: string, state: Recording['state']): Promise<Recording> {
  return await new Promise((resolve, reject) => {
    for (const { recordings } of [one, two]) {
      t.teardown(recordings.onChange(changed => {
        if (changed.recordingId !== recordingId) return
        if (changed.state === state) resolve(changed)
        else if (changed.state === 'failed') reject(new Error(changed.problem))
      }))
    }
  })
}

await t.test('the server that has the stream makes the file, whichever is asked', async t => {
  const owner = await newBroadcaster({
    connect: (options = {}) => {
      const client = io(one.url, { transports: ['websocket'], forceNew: true, reconnection: false, ...options })
      t.teardown(() => { client.disconnect() })
      return client
    }
  }, KEY)
  const { recordingId } = await two.recordings.start({ of: THING, ownerId: OWNER, title: '', source: { kind: 'stream', streamKey: KEY } })
  const active = reach(recordingId, 'active')
  await sendAll(owner, KEY, inPieces(await recording({ seconds: SECONDS }), SECONDS * 2))
  await active
  const ready = reach(recordingId, 'ready')
  await two.recordings.stop(THING)
  await owner.ask('end-stream', { streamKey: KEY, userId: 'alice' })
  const { durationSeconds } = await ready
  t.ok(durationSeconds > 1 && durationSeconds < SECONDS + 0.5, `${durationSeconds} s`)
})
