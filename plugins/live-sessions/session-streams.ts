import type { Orm } from '../../src/platform/database/database.ts'
import type { SessionRooms } from './session-rooms.ts'
import { liveAmong } from './session-store.ts'
import { sessionIdOf, STREAM_PREFIX, streamKeyOf } from './stream-access.ts'

/** Streams that run on this server, of whomever. */
export interface RunningStreams {
  /** Their keys. */
  keys (): string[]
  /** Ends one; nothing where there is none. */
  end (streamKey: string): Promise<void>
}

/** What hosts publish through the live core of this server. */
export class SessionStreams {
  readonly #running: RunningStreams
  readonly #orm: Orm
  readonly #rooms: Pick<SessionRooms, 'hasMedia'>

  constructor ({ running, orm, rooms }: { running: RunningStreams, orm: Orm, rooms: Pick<SessionRooms, 'hasMedia'> }) {
    this.#running = running
    this.#orm = orm
    this.#rooms = rooms
  }

  async end (sessionId: string): Promise<void> {
    await this.#running.end(streamKeyOf(sessionId))
  }

  /** Ends those of sessions that are not live any more: nobody may have told this server. */
  async endOver (): Promise<void> {
    // Where rooms have media the keys are anybody's.
    if (this.#rooms.hasMedia) return
    const sessionIds = this.#running.keys().filter(key => key.startsWith(STREAM_PREFIX)).map(sessionIdOf)
    if (sessionIds.length === 0) return
    const live = await liveAmong(this.#orm, sessionIds)
    await Promise.all(sessionIds.filter(sessionId => !live.has(sessionId)).map(async sessionId => { await this.end(sessionId) }))
  }
}
