import type { Log } from '../../src/log.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import { admit, ban, changeRole, leave, type ParticipantRow } from './attendance.ts'
import type { AssignableRole, InvitedRole } from './roles.ts'
import type { Seats } from './seats.ts'
import type { SessionRow } from './session.ts'
import type { SessionRooms } from './session-rooms.ts'
import { mustBeOpen } from './session-state.ts'

export interface JoiningOptions {
  orm: Orm
  rooms: SessionRooms
  seats: Seats
  /** Says to all servers that somebody was thrown out. */
  tellRemoved: (sessionId: string, userId: number) => Promise<void>
  log: Log
}

export interface Newcomer {
  userId: number
  displayName: string
  /** Where they had none. */
  role: InvitedRole
}

export interface Joined {
  session: SessionRow
  participant: ParticipantRow
  token: string
}

/** Who comes to a session, goes, gets another role or is thrown out. Errors: `SESSION_NOT_FOUND`, `INVALID_STATE`, `ROOMS_UNAVAILABLE`. */
export class Joining {
  readonly #options: JoiningOptions

  constructor (options: JoiningOptions) {
    this.#options = options
  }

  /** @throws HeadwaterError `SESSION_FULL`, and `FORBIDDEN` for who was thrown out, too */
  async join (session: SessionRow, { userId, displayName, role }: Newcomer): Promise<Joined> {
    const { orm, rooms, seats } = this.#options
    mustBeOpen(session.status)
    // Whoever finds it full does not wait for those who come in.
    let isNew = await seats.take(session, userId)
    try {
      // Where there is no media, people watch the live core: nobody else sees that they are there.
      const admitted = await admit(orm, session.sessionId, { userId, displayName, role, isThere: !rooms.hasMedia }, async held => {
        // Who leaves at the same time has given it back by then.
        if (await seats.take(held, userId)) isNew = true
      })
      await rooms.open(admitted.session)
      const { participant } = admitted
      return { ...admitted, token: await rooms.token(session, participant) }
    } catch (error) {
      if (isNew) await this.#forget(session, userId)
      throw error
    }
  }

  /** Whoever goes says so; also who is not there. */
  async leave (session: SessionRow, userId: number): Promise<void> {
    await this.#forget(session, userId)
    await this.#options.rooms.left(session, userId)
  }

  /** At once, and for every token from now on. */
  async changeRole (session: SessionRow, userId: number, role: AssignableRole): Promise<void> {
    mustBeOpen(session.status)
    await changeRole(this.#options.orm, session.sessionId, userId, role)
    await this.#options.rooms.give(session, userId, role)
  }

  /** For good. Whoever was thrown out is removed again. */
  async kick (session: SessionRow, userId: number, by: number): Promise<void> {
    const { orm, rooms, seats, tellRemoved, log } = this.#options
    mustBeOpen(session.status)
    await ban(orm, session.sessionId, userId, by, async held => { await seats.giveBack(held, userId) })
    log.info({ session: session.sessionId, userId, by }, 'removed from a live session')
    await tellRemoved(session.sessionId, userId)
    await rooms.remove(session, userId)
  }

  async #forget ({ sessionId }: SessionRow, userId: number): Promise<void> {
    const { orm, seats } = this.#options
    await leave(orm, sessionId, userId, async held => { await seats.giveBack(held, userId) })
  }
}
