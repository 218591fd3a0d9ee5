import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { Recording } from '../../src/recordings/recordings.ts'
import { leaveAll } from './attendance.ts'
import type { Seats } from './seats.ts'
import type { SessionRow } from './session.ts'
import type { SessionRecordings } from './session-recordings.ts'
import type { SessionRooms } from './session-rooms.ts'
import { afterStep, isOpen, stepTo, type Status } from './session-state.ts'
import { changeSession, holdSession } from './session-store.ts'

export interface LifecycleOptions {
  orm: Orm
  rooms: SessionRooms
  seats: Seats
  recordings: SessionRecordings
  /** Ends what the host publishes through the live core, on whichever server. */
  endStream: (sessionId: string) => Promise<void>
  log: Log
}

/** What the owner may change; what is not given stays. */
export interface SessionChanges {
  title?: string
  description?: string | null
  scheduledAt?: Date | null
}

/** What became of a recording that was to begin with the session. */
export type Begun = { recording: Recording } | { problem: string } | undefined

/** Takes sessions from one status to another, with all that comes of it. Errors: `SESSION_NOT_FOUND`, `INVALID_STATE`. */
export class Lifecycle {
  readonly #options: LifecycleOptions

  constructor (options: LifecycleOptions) {
    this.#options = options
  }

  /** @throws HeadwaterError `ROOMS_UNAVAILABLE` too: then nothing has changed */
  async start (before: SessionRow): Promise<{ session: SessionRow, begun: Begun }> {
    const { orm, rooms, log } = this.#options
    if (afterStep('start', before.status) === undefined) return { session: before, begun: undefined }
    await rooms.open(before)
    const { session, isNew } = await orm.transaction(async transaction => {
      const held = await holdSession(transaction, before.sessionId)
      const status = afterStep('start', held.status)
      return status === undefined ? { session: held, isNew: false } : { session: await changeSession(transaction, held.sessionId, { status, startedAt: new Date(), hasRoom: true }), isNew: true }
    })
    if (!isNew) return { session, begun: undefined }
    log.info({ session: session.sessionId, owner: session.ownerId }, 'live session started')
    // Who waits for it asks again by themselves if this does not reach them.
    await rooms.tell(session, { type: 'status', status: session.status }).catch((error: unknown) => { log.warn({ err: error, session: session.sessionId }, 'who waits was not told that the session is live') })
    return { session, begun: session.isRecorded ? await this.#record(session) : undefined }
  }

  async end (before: SessionRow): Promise<SessionRow> {
    return await this.#finish('end', before)
  }

  async cancel (before: SessionRow): Promise<SessionRow> {
    return await this.#finish('cancel', before)
  }

  /** Changes what is said of a session, and its status. @throws HeadwaterError `INVALID_STATE`: then nothing has changed */
  async update (before: SessionRow, { title, description, scheduledAt }: SessionChanges, status: Status | undefined): Promise<Begun> {
    const step = status === undefined ? undefined : stepTo(status, before.status)
    const changes = { ...(title === undefined ? {} : { title }), ...(description === undefined ? {} : { description }), ...(scheduledAt === undefined ? {} : { scheduledAt }) }
    const changed = Object.keys(changes).length === 0 ? before : await changeSession(this.#options.orm, before.sessionId, changes)
    if (step === 'start') return (await this.start(changed)).begun
    if (step !== undefined) await this[step](changed)
    return undefined
  }

  /** It is over, and gone for everybody; its recordings stay. */
  async delete ({ sessionId }: SessionRow): Promise<void> {
    const { orm, log } = this.#options
    const session = await orm.transaction(async transaction => {
      const held = await holdSession(transaction, sessionId)
      const now = new Date()
      await leaveAll(transaction, sessionId, now)
      return await changeSession(transaction, sessionId, { deletedAt: now, ...(held.status === 'live' ? { status: 'ended', endedAt: now } as const : {}) })
    })
    log.info({ session: sessionId }, 'live session deleted')
    await this.close(session)
  }

  /**
   * Everything that belongs to a session which is over is ended: its recording, its stream, its room. What fails is
   * logged, and done again by whoever looks after rooms.
   */
  async close (session: SessionRow): Promise<void> {
    const { orm, rooms, seats, recordings, endStream, log } = this.#options
    const steps: Array<[what: string, step: () => Promise<unknown>]> = [
      ['recording', async () => {
        await recordings.stopIfRunning(session)
        await recordings.noteUrl(session)
      }],
      ['stream', async () => { await endStream(session.sessionId) }],
      ['room', async () => { await rooms.close(session) }],
      ['seats', async () => { await seats.clear(session) }]
    ]
    let isClosed = true
    for (const [what, step] of steps) {
      await step().catch((error: unknown) => {
        isClosed = false
        log.warn({ err: error, session: session.sessionId, what }, 'something of a live session that is over could not be ended yet')
      })
    }
    if (isClosed) await changeSession(orm, session.sessionId, { hasRoom: false })
  }

  async #finish (step: 'end' | 'cancel', { sessionId }: SessionRow): Promise<SessionRow> {
    const { orm, log } = this.#options
    const { session, isNew } = await orm.transaction(async transaction => {
      const held = await holdSession(transaction, sessionId)
      const status = afterStep(step, held.status)
      if (status === undefined) return { session: held, isNew: false }
      const now = new Date()
      await leaveAll(transaction, sessionId, now)
      return { session: await changeSession(transaction, sessionId, { status, ...(step === 'end' ? { endedAt: now } : {}) }), isNew: true }
    })
    if (!isNew) return session
    log.info({ session: sessionId, status: session.status }, 'live session is over')
    await this.close(session)
    return await orm.transaction(async transaction => await holdSession(transaction, sessionId))
  }

  /** The session goes on without it. */
  async #record (session: SessionRow): Promise<Begun> {
    try {
      return { recording: await this.#options.recordings.start(session) }
    } catch (error) {
      this.#options.log.warn({ err: error, session: session.sessionId }, 'a live session is not recorded, as it should be')
      return { problem: error instanceof HeadwaterError ? error.message : 'It could not be asked for; the log says more' }
    }
  }
}

/** Whether a session that may have a room has to be closed. */
export function isOver ({ status, deletedAt }: Pick<SessionRow, 'status' | 'deletedAt'>): boolean {
  return !isOpen(status) || deletedAt !== null
}
