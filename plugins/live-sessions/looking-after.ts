import { Coalesced } from '../../src/coalesced.ts'
import type { Log } from '../../src/log.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import type { Lease, Locks } from '../../src/platform/state/state.ts'
import type { Participant, RoomEvent } from '../../src/rooms/provider.ts'
import { isSessionRoom } from '../../src/rooms/room-names.ts'
import { RunLimit } from '../../src/run-limit.ts'
import { UnderWay } from '../../src/under-way.ts'
import { connect, disconnect, listPresent, timeOut, type Connected } from './attendance.ts'
import { isOver, type Lifecycle } from './lifecycle.ts'
import { permissionsOf } from './roles.ts'
import type { Seats } from './seats.ts'
import type { SessionRow } from './session.ts'
import { userIdOf, type SessionRooms } from './session-rooms.ts'
import type { SessionStreams } from './session-streams.ts'
import { changeSession, findSession, holdAnySession, sessionsWithRooms } from './session-store.ts'
import type { Connection } from './stay.ts'

const LOCK = 'live-sessions:rooms'
/** Rooms that are asked about at once: one that does not answer holds up none of the others. */
const COMPARED_AT_ONCE = 8

export interface LookingAfterOptions {
  orm: Orm
  rooms: SessionRooms
  seats: Seats
  streams: SessionStreams
  lifecycle: Lifecycle
  locks: Locks
  intervalMs: number
  log: Log
}

/**
 * Knows who is there: from what the provider tells at once, and, since that may come late, twice, in another order or
 * not at all, from what it answers when it is asked, by one server at a time. Removes whoever may not be there. Each
 * server ends what its own live core still carries of sessions that are over.
 */
export class LookingAfter {
  readonly #options: LookingAfterOptions
  readonly #endTimeouts: () => void
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  /** What events and time-outs have set going: awaited when this is closed, as the database is there until then. */
  readonly #underWay = new UnderWay()
  /** Sessions in which somebody who is connected was not seen for too long: mostly many are, and at once. */
  readonly #late = new Set<string>()
  readonly #lateLooks = new Coalesced(async () => { await this.#lookForLate() })
  #lease: Lease | undefined
  #isClosed = false

  constructor (options: LookingAfterOptions) {
    this.#options = options
    this.#endTimeouts = options.seats.onTimeout(async (...about) => { await this.#underWay.track(this.#timedOut(...about)) })
  }

  /** Begins the first turn, and does not wait for it. */
  start (): void {
    this.#runTurn()
  }

  /** What the provider tells. */
  async hear (event: RoomEvent): Promise<void> {
    await this.#underWay.track(this.#heard(event))
  }

  /** Compares who is known to be in a session with whom the provider says to be in its room. */
  async compare (session: SessionRow): Promise<void> {
    const { orm, rooms, seats, lifecycle } = this.#options
    const { sessionId } = session
    if (isOver(session)) {
      await lifecycle.close(session)
      return
    }
    // Before the provider is asked: who connects meanwhile is not taken for gone.
    const known = new Map((await listPresent(orm, sessionId)).map(row => [row.userId, row]))
    const holders = await seats.holders(session)
    let people: Map<number, Participant>
    try {
      people = await rooms.people(session)
    } catch (error) {
      // Nobody is gone because nobody answers.
      for (const { userId, connection } of known.values()) if (connection !== null) await seats.keep(session, userId)
      throw error
    }
    for (const [userId, person] of people) {
      if (this.#isClosed) return
      await this.#connected(sessionId, userId, { sid: person.sid, at: person.joinedAt }, { name: person.name, isSure: true, person })
    }
    for (const { userId, connection } of known.values()) {
      if (people.has(userId)) continue
      if (connection !== null) await this.#disconnected(sessionId, userId, { sid: connection, at: new Date() })
      else if (!holders.has(userId)) await timeOut(orm, sessionId, userId, new Date(), async held => await seats.has(held, userId))
    }
    if (known.size === 0 && people.size === 0 && session.status === 'scheduled') await this.#closeUnused(session)
  }

  async close (): Promise<void> {
    this.#isClosed = true
    this.#endTimeouts()
    clearTimeout(this.#timer)
    await Promise.allSettled([this.#turn, this.#underWay.idle()])
    await this.#lease?.release()
  }

  async #heard (event: RoomEvent): Promise<void> {
    if (event.type === 'recording-changed' || !isSessionRoom(event.room.name)) return
    const { orm } = this.#options
    const sessionId = event.room.name
    if (event.type === 'room-finished') {
      const session = await findSession(orm, sessionId)
      // Otherwise it is we who have closed it.
      if (session !== undefined && !isOver(session)) await this.compare(session)
    }
    if (event.type !== 'participant-joined' && event.type !== 'participant-left') return
    const { identity, sid, name, isPerson } = event.participant
    const userId = userIdOf(identity)
    if (!isPerson || userId === undefined) return
    const connection = { sid, at: event.at }
    if (event.type === 'participant-joined') await this.#connected(sessionId, userId, connection, { name, isSure: false })
    else await this.#disconnected(sessionId, userId, connection)
  }

  async #connected (sessionId: string, userId: number, connection: Connection, { name, isSure, person }: { name: string, isSure: boolean, person?: Participant }): Promise<void> {
    const { orm, seats, log } = this.#options
    const connected = await connect(orm, sessionId, userId, connection, { name, isSure }, async held => { await seats.keep(held, userId) })
    // Whoever cannot be removed, or be given a role, keeps nobody else from it.
    await this.#put(sessionId, userId, connected, person).catch((error: unknown) => { log.warn({ err: error, session: sessionId, userId }, 'somebody in a live session could not be removed or be given their role; it is tried again') })
  }

  /** Removes whoever may not be there; gives all others their role. */
  async #put (sessionId: string, userId: number, connected: Connected, person: Participant | undefined): Promise<void> {
    const { rooms } = this.#options
    if (connected.outcome === 'removed') {
      await rooms.remove({ sessionId }, userId)
      return
    }
    if (connected.outcome !== 'there') return
    const { participant: { role, roleChangedAt }, session } = connected
    const isRight = person === undefined
      ? roleChangedAt === null || !rooms.mayHaveOldToken(roleChangedAt, new Date())
      : person.attributes.role === role && person.permissions.canPublish === permissionsOf(role).canPublish
    if (!isRight) await rooms.give(session, userId, role)
  }

  async #disconnected (sessionId: string, userId: number, connection: Connection): Promise<void> {
    const { orm, seats } = this.#options
    await disconnect(orm, sessionId, userId, connection, async held => { await seats.giveBack(held, userId) })
  }

  async #timedOut (sessionId: string, userId: number, lastSeenAt: Date): Promise<void> {
    const { orm, seats } = this.#options
    if (await timeOut(orm, sessionId, userId, lastSeenAt, async held => await seats.has(held, userId))) return
    this.#late.add(sessionId)
    await this.#lateLooks.run()
  }

  async #lookForLate (): Promise<void> {
    const late = [...this.#late]
    this.#late.clear()
    await this.#compareEach((await Promise.all(late.map(async sessionId => await findSession(this.#options.orm, sessionId)))).filter(session => session !== undefined))
  }

  /** Its room has closed by itself, and nobody is about to come. */
  async #closeUnused (session: SessionRow): Promise<void> {
    const { orm, rooms, seats } = this.#options
    if (await rooms.isThere(session)) return
    await orm.transaction(async transaction => {
      await holdAnySession(transaction, session.sessionId)
      // Whoever is being let in has a seat by then, or is let in after this.
      if ((await seats.holders(session)).size === 0) await changeSession(transaction, session.sessionId, { hasRoom: false })
    })
  }

  #runTurn (): void {
    const { streams, intervalMs, log } = this.#options
    const failed = (what: string) => (error: unknown) => { log.warn({ err: error }, what) }
    this.#turn = Promise.all([
      streams.endOver().catch(failed('streams of live sessions that are over could not be ended yet')),
      this.#compareAll().catch(failed('who is in live sessions could not be compared with the rooms'))
    ])
      .then(() => {
        if (!this.#isClosed) this.#timer = setTimeout(() => { this.#runTurn() }, intervalMs).unref()
      })
  }

  async #compareAll (): Promise<void> {
    const { orm, rooms, locks, intervalMs, log } = this.#options
    if (this.#lease === undefined || this.#lease.lost.aborted) this.#lease = await locks.take(LOCK, intervalMs)
    const lease = this.#lease
    if (lease === undefined) return
    // A token of before may have opened a room again of which nobody has told.
    const openIds = await rooms.openIds().catch((error: unknown) => {
      log.warn({ err: error }, 'which live sessions have rooms could not be asked for')
      return []
    })
    await this.#compareEach(await sessionsWithRooms(orm, openIds), lease.lost)
  }

  /** One that fails keeps none of the others from it. @param lost somebody else does it from then on */
  async #compareEach (sessions: readonly SessionRow[], lost?: AbortSignal): Promise<void> {
    const atOnce = new RunLimit(COMPARED_AT_ONCE)
    await Promise.all(sessions.map(async session => await atOnce.run(async () => {
      if (this.#isClosed || lost?.aborted === true) return
      await this.compare(session).catch((error: unknown) => { this.#options.log.warn({ err: error, session: session.sessionId }, 'who is in a live session could not be compared with its room') })
    })))
  }
}
