/**
 * headwater-recordings: recordings of live sessions, later of meetings: their rows, their files, and who makes them.
 *
 * Adds the decorator `recordings`; `GET ${prefix}/recordings/:file` with ranges. Needs the decorators `database`,
 * `state`, `objects`, `liveCore`, and `livekit` where rooms are recorded. Who asks for a file is known where there is
 * the decorator `accounts`. Tables: `recordings`. Settings: `RecordingsOptions`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { completeRecordingsOptions } from '../../src/config/load.ts'
import type { RecordingsConfig } from '../../src/config/recordings.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import type { LiveCore } from '../../src/livestream/index.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { Objects } from '../../src/platform/objects/objects.ts'
import type { State } from '../../src/platform/state/state.ts'
import type { Recordings } from '../../src/recordings/recordings.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'
import { RecordingsCore } from './core.ts'
import { fileRoute } from './file-route.ts'
import { RecordingStore } from './recording-store.ts'
import { RoomRecorder } from './room-recorder.ts'
import { Steps } from './steps.ts'
import { StreamRecorder } from './stream-recorder.ts'
import { RECORDINGS_MIGRATIONS } from './tables.ts'

/** Every setting may be given; what is left out has its default. And: */
export interface RecordingsOptions extends Partial<RecordingsConfig> {
  /** What stands before the prefix of this server in addresses that people get. */
  publicBaseUrl?: string
  /** Folder that the provider of rooms writes recordings to, as this server sees it. Empty (default): it writes to the bucket of the objects. */
  roomFilesDir?: string
}

declare module 'fastify' {
  interface FastifyInstance {
    recordings: Recordings
  }
}

/** Below the prefix. */
const FILES_PATH = '/recordings'

const plugin: FastifyPluginAsync<RecordingsOptions> = async (app, options) => {
  if (app.hasDecorator('recordings')) return
  const { publicBaseUrl = '', roomFilesDir = '', ...settings } = ownOptions(options)
  const config = completeRecordingsOptions(settings)
  const log = app.log.child({ plugin: 'recordings' })
  const database = app.getDecorator<Database>('database')
  const { channels, locks, kind } = app.getDecorator<State>('state')
  const objects = app.getDecorator<Objects>('objects')
  await database.migrate(RECORDINGS_MIGRATIONS)
  const store = new RecordingStore(database.orm)
  const steps = new Steps(store, channels, log)
  const shared = { store, steps, objects, locks, log }
  const stream = await StreamRecorder.open({ ...shared, core: app.getDecorator<LiveCore>('liveCore'), config, hasNeighbours: kind === 'redis' })
  const room = app.hasDecorator('livekit') ? new RoomRecorder({ ...shared, provider: app.getDecorator<RoomProvider>('livekit'), filesDir: roomFilesDir, startSeconds: config.startSeconds }) : undefined
  const core = new RecordingsCore({ store, steps, locks, recorders: { stream, ...(room === undefined ? {} : { room }) }, config, log })
  app.addHook('onReady', async () => { await core.open() })
  app.addHook('onClose', async () => { await core.close() })
  app.decorate('recordings', core)
  await app.register(async scope => {
    core.filesUrl = config.baseUrl === '' ? `${publicBaseUrl}${scope.prefix}` : config.baseUrl.replace(/\/$/, '')
    await scope.register(fileRoute, { recordings: core, objects, requestsPerMinute: config.fileRequestsPerMinute })
  }, { prefix: FILES_PATH })
}

export const recordings = fp(plugin, { name: 'headwater-recordings', fastify: '5.x', decorators: { fastify: ['database', 'state', 'objects', 'liveCore'] } })
export default recordings
