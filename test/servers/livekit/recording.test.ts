import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { LivekitOptions } from '../../../plugins/livekit/index.ts'
import type { RoomEvent, RoomProvider, RoomRecording } from '../../../src/rooms/provider.ts'
import { openS3 } from '../../../src/platform/objects/s3.ts'
import { platformSettings } from '../../fixtures/database.ts'
import { startLivekitHost } from '../../fixtures/livekit-host.ts'
import { HeardEvents } from '../../fixtures/rooms-suite.ts'
import { S3Server } from '../../fixtures/s3-server.ts'
import { Told } from '../../fixtures/told.ts'
import { LivekitStandIn } from '../../stand-ins/livekit/stand-in.ts'

interface Opened {
  livekit: LivekitStandIn
  rooms: RoomProvider
  folder: string
  /** When it has come to a state, by event. */
  told (id: string, state: RoomRecording['state']): Promise<RoomRecording>
}

async function opened (t: Test, settings: LivekitOptions = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-livekit-'))
  const livekit = await LivekitStandIn.start(t)
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const host = await startLivekitHost(t, { '': { ...livekit.settings, egressDir: folder, ...settings } })
  livekit.webhooks.urls.push(`${host.url}/api/livekit/webhook`)
  const { rooms } = host.at('')
  await rooms.createRoom({ name: 'hall' })
  const heard = new HeardEvents(rooms)
  const isOf = (id: string, state: string) => (event: RoomEvent) => event.type === 'recording-changed' && event.recording.id === id && event.recording.state === state
  return {
    livekit,
    rooms,
    folder,
    told: async (id, state) => {
      const event = await heard.one(isOf(id, state))
      return (event as Extract<RoomEvent, { type: 'recording-changed' }>).recording
    }
  }
}

t.test('a recording is written to where it was asked for', async t => {
  const { livekit, rooms, folder, told } = await opened(t)
  t.equal(rooms.capabilities.recording, true)
  const began = Date.now()
  const started = await rooms.startRecording('hall', 'rec/session/rec_1.mp4')
  t.match(started, { id: /^EG_/, room: 'hall', state: 'starting' })
  const active = await told(started.id, 'active')
  t.ok(Math.abs(active.startedAt!.getTime() - began) < 60_000, 'since when')
  t.match(await rooms.findRecording(started.id), { state: 'active', startedAt: active.startedAt })
  const byPath = async () => [...await rooms.findRecordingsByPath([{ room: 'hall', path: 'rec/session/rec_1.mp4' }, { room: 'hall', path: 'rec/session/rec_2.mp4' }, { room: 'nowhere', path: 'rec/session/rec_1.mp4' }])]
  t.strictSame(await byPath(), [['rec/session/rec_1.mp4', await rooms.findRecording(started.id)]], 'found by its path')
  t.strictSame((await rooms.participants('hall')).map(({ isPerson }) => isPerson), [false], 'who records is no person')
  livekit.advance(3_000)
  t.match(await rooms.stopRecording(started.id), { id: started.id, state: 'ending' }, 'the file comes later')
  const complete = await told(started.id, 'complete')
  const { size } = await stat(join(folder, 'rec/session/rec_1.mp4'))
  t.match(complete.file, { location: join(folder, 'rec/session/rec_1.mp4'), bytes: size })
  const ranMs = complete.endedAt!.getTime() - complete.startedAt!.getTime()
  t.comment(`an egress that ran for ${ranMs} ms: the file is of ${complete.file!.durationMs} ms`)
  t.ok(ranMs >= 3_000, 'as long as it ran')
  t.ok(Math.abs(complete.file!.durationMs - ranMs) < 1_000, `${complete.file!.durationMs} ms of media, of ${ranMs}`)
  t.strictSame(await rooms.findRecording(started.id), complete)
  t.strictSame(await byPath(), [['rec/session/rec_1.mp4', complete]], 'also when it has ended')
  t.strictSame(await rooms.stopRecording(started.id), complete, 'one that has ended stays as it is')
})

t.test('a recording that does not come about says why', async t => {
  const { livekit, rooms, told } = await opened(t)
  livekit.egress.plan('no-start-signal', 'upload-fails', 'limit', 'never-starts')
  const start = async (name: string) => await rooms.startRecording('hall', `rec/${name}.mp4`)

  const silent = await start('silent')
  livekit.advance(livekit.egress.startSignalMs)
  t.match(await told(silent.id, 'failed'), { problem: 'Start signal not received' })

  const refused = await start('refused')
  await told(refused.id, 'active')
  await rooms.stopRecording(refused.id)
  t.match(await told(refused.id, 'failed'), { problem: /access denied/ })
  t.equal((await rooms.findRecording(refused.id))?.file, undefined)

  const limited = await start('limited')
  t.match(await told(limited.id, 'complete'), { file: { bytes: Number } }, 'what was recorded up to a limit is there')

  const slow = await start('slow')
  t.match(await rooms.findRecording(slow.id), { state: 'starting' })
  t.match(await rooms.stopRecording(slow.id), { state: 'failed', problem: /before/ }, 'stopped before it began')
})

t.test('LiveKit writes to the bucket that objects are in', async t => {
  const s3 = await S3Server.start(t)
  const platform = platformSettings({ ...s3.settings, s3Bucket: await s3.bucket() })
  const { livekit, rooms, told } = await opened(t, { egressS3: 'on', platform })
  const { id } = await rooms.startRecording('hall', 'rec/one.mp4')
  await told(id, 'active')
  livekit.advance(1_000)
  await rooms.stopRecording(id)
  const { file } = await told(id, 'complete')
  t.match(file?.location, /^http:.*\/rec\/one\.mp4$/)
  const objects = await openS3(platform, new Told())
  t.teardown(() => objects.close())
  t.equal((await objects.info('rec/one.mp4'))?.bytes, file?.bytes)
})

t.test('where there is no place for recordings there are none', async t => {
  const { rooms } = await opened(t, { egressDir: '' })
  t.equal(rooms.capabilities.recording, false)
  await t.rejects(rooms.startRecording('hall', 'rec/1.mp4'), { code: 'RECORDING_NOT_POSSIBLE', message: /LIVEKIT_EGRESS_DIR/ })
  await t.rejects(startLivekitHost(t, { '': { egressS3: 'on' } }), { code: 'CONFIG_INVALID', message: /S3_BUCKET/ })
})
