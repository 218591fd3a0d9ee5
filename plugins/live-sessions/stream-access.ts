import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import { RecentMap } from '../../src/recent-map.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'
import { isSessionRoom } from '../../src/rooms/room-names.ts'
import { findParticipant, isBanned } from './attendance.ts'
import type { PlaybackTickets } from './playback-tickets.ts'
import type { Seats } from './seats.ts'
import { findSession } from './session-store.ts'
import { userIdOf } from './session-rooms.ts'

/** Stream keys that begin with it are of sessions, where no media server carries them. */
export const STREAM_PREFIX = 'live-'

const MAX_REMEMBERED = 10_000

export function streamKeyOf (sessionId: string): string {
  return `${STREAM_PREFIX}${sessionId}`
}

export function sessionIdOf (streamKey: string): string {
  return streamKey.slice(STREAM_PREFIX.length)
}

export interface StreamAccessOptions {
  orm: Orm
  provider: RoomProvider
  tickets: PlaybackTickets
  seats: Seats
  /** An answer holds for so long: players ask every few seconds. */
  rememberedMs: number
}

/** Who publishes and who watches the streams of sessions that go through the live core. */
export class StreamAccess {
  readonly #options: StreamAccessOptions
  /** Who may watch, and until when that is not asked again, in milliseconds. */
  readonly #watching = new RecentMap<string, number>(MAX_REMEMBERED)
  /** Grows with everybody who is thrown out. */
  #forgotten = 0

  constructor (options: StreamAccessOptions) {
    this.#options = options
  }

  /** The host, while the session is live. @param credential its token of the room */
  async mayPublish (streamKey: string, credential: string | undefined): Promise<boolean> {
    const { orm, provider } = this.#options
    const sessionId = sessionIdOf(streamKey)
    if (credential === undefined || !isSessionRoom(sessionId)) return false
    const token = await provider.readToken(credential).catch((error: unknown) => {
      if (error instanceof HeadwaterError && error.code === 'ROOM_TOKEN_INVALID') return undefined
      throw error
    })
    if (token?.room !== sessionId) return false
    const session = await findSession(orm, sessionId)
    return session?.status === 'live' && userIdOf(token.identity) === session.ownerId
  }

  /** Whoever joined, has not left and was not thrown out, while the session is live, and afterwards what is still to come. @param ticket of the query */
  async mayWatch (streamKey: string, ticket: unknown): Promise<boolean> {
    const holder = typeof ticket === 'string' ? await this.#options.tickets.check(ticket) : undefined
    if (holder === undefined || streamKeyOf(holder.sessionId) !== streamKey) return false
    const { sessionId, userId } = holder
    const known = this.#watching.get(`${sessionId}/${userId}`)
    if (known !== undefined && known > Date.now()) return true
    const forgotten = this.#forgotten
    const may = await this.#ask(sessionId, userId)
    // A refusal is not kept, as the session may start at any time; nor what was asked before somebody was thrown out.
    if (may && forgotten === this.#forgotten) this.#watching.set(`${sessionId}/${userId}`, Date.now() + this.#options.rememberedMs)
    return may
  }

  /** Somebody was thrown out: they are asked for anew. */
  forget (sessionId: string, userId: number): void {
    this.#forgotten++
    this.#watching.delete(`${sessionId}/${userId}`)
  }

  async #ask (sessionId: string, userId: number): Promise<boolean> {
    const { orm, seats } = this.#options
    const session = await findSession(orm, sessionId)
    if (session === undefined || (session.status !== 'live' && session.status !== 'ended')) return false
    if (await findParticipant(orm, sessionId, userId) === undefined || await isBanned(orm, sessionId, userId)) return false
    // Who watches is there; who has no place any more joins again, where there is one. The host needs none.
    return session.status === 'ended' || await seats.touch(session, userId) || userId === session.ownerId
  }
}
