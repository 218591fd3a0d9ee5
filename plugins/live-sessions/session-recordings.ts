import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { RecordedThing, Recording, Recordings } from '../../src/recordings/recordings.ts'
import { UnderWay } from '../../src/under-way.ts'
import type { SessionRow } from './session.ts'
import type { SessionRooms } from './session-rooms.ts'
import { changeSession, findSession, maySeeRecordings, recordedSessionsFor, type Onlooker } from './session-store.ts'
import { mustBeLive } from './session-state.ts'
import { streamKeyOf } from './stream-access.ts'

const KIND = 'live-session'

type Recorded = Pick<SessionRow, 'sessionId'>

export interface SessionRecordingsOptions {
  recordings: Recordings
  orm: Orm
  /** Without media in them, what the host publishes through the live core is recorded. */
  rooms: SessionRooms
  log: Log
}

export interface RecordingFilter {
  sessionId?: string
  ownerId?: number
  page: number
  pageSize: number
}

/** Recordings of sessions, and which of them somebody may see. */
export class SessionRecordings {
  readonly #options: SessionRecordingsOptions
  readonly #end: () => void
  readonly #noting = new UnderWay()

  constructor (options: SessionRecordingsOptions) {
    this.#options = options
    const { recordings, orm, log } = options
    recordings.addVisibility(KIND, async ({ id }, watcher) => await maySeeRecordings(orm, id, watcher))
    this.#end = recordings.onChange(({ of, state }) => {
      if (of.kind !== KIND || state !== 'failed') return
      const noted = this.noteUrl({ sessionId: of.id }).catch((error: unknown) => { log.warn({ err: error, session: of.id }, 'the session still says that it was recorded') })
      void this.#noting.track(noted)
    })
  }

  /** @throws HeadwaterError `INVALID_STATE`, `RECORDING_NOT_POSSIBLE`, `ROOMS_UNAVAILABLE` */
  async start ({ sessionId, ownerId, title, maxParticipants }: Pick<SessionRow, 'sessionId' | 'ownerId' | 'title' | 'maxParticipants'>): Promise<Recording> {
    const { recordings, orm, rooms } = this.#options
    // It may have closed by itself, and nobody records what is not there.
    if (rooms.hasMedia) await rooms.open({ sessionId, title, maxParticipants })
    const recording = await recordings.start({
      of: thing(sessionId),
      ownerId,
      title,
      source: rooms.hasMedia ? { kind: 'room', name: sessionId } : { kind: 'stream', streamKey: streamKeyOf(sessionId) }
    })
    await changeSession(orm, sessionId, { recordingUrl: recordings.urlOf(recording) })
    const session = await findSession(orm, sessionId)
    // It was ended meanwhile, when there was nothing to stop.
    if (session?.status !== 'live') {
      await this.stopIfRunning({ sessionId })
      mustBeLive(session?.status ?? 'ended')
    }
    return recording
  }

  /** @throws HeadwaterError `INVALID_STATE` */
  async stop ({ sessionId }: Recorded): Promise<Recording> {
    return await this.#options.recordings.stop(thing(sessionId))
  }

  async isRunning ({ sessionId }: Recorded): Promise<boolean> {
    return await this.#options.recordings.running(thing(sessionId)) !== undefined
  }

  async stopIfRunning (session: Recorded): Promise<void> {
    if (!await this.isRunning(session)) return
    try {
      await this.stop(session)
    } catch (error) {
      // Somebody was faster.
      if (!(error instanceof HeadwaterError && error.code === 'INVALID_STATE')) throw error
    }
  }

  urlOf (recording: Pick<Recording, 'recordingId'>): string {
    return this.#options.recordings.urlOf(recording)
  }

  /** Keeps the address of the newest recording with the session; null: there is none, and will be none. */
  async noteUrl ({ sessionId }: Recorded): Promise<string | null> {
    const { recordings, orm } = this.#options
    const latest = await recordings.latest(thing(sessionId))
    const recordingUrl = latest === undefined || latest.state === 'failed' ? null : recordings.urlOf(latest)
    await changeSession(orm, sessionId, { recordingUrl })
    return recordingUrl
  }

  /** Newest first. */
  async list (onlooker: Onlooker, { sessionId, ownerId, page, pageSize }: RecordingFilter): Promise<{ recordings: Recording[], total: number }> {
    const { recordings, orm } = this.#options
    const visible = await recordedSessionsFor(orm, onlooker)
    const ofIds = visible?.filter(id => sessionId === undefined || id === sessionId) ?? (sessionId === undefined ? undefined : [sessionId])
    if (ofIds?.length === 0) return { recordings: [], total: 0 }
    return await recordings.list({
      of: { kind: KIND },
      ...(ofIds === undefined ? {} : { ofIds }),
      ...(ownerId === undefined ? {} : { ownerId }),
      page,
      pageSize
    })
  }

  async close (): Promise<void> {
    this.#end()
    await this.#noting.idle()
  }
}

function thing (sessionId: string): RecordedThing {
  return { kind: KIND, id: sessionId }
}
