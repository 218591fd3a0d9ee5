import { Stateful } from '../../../../src/client/stateful.ts'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { failureText } from '../api/failure-text.ts'
import type { SessionApi } from '../api/live-api.ts'
import type { SessionDetails } from '../api/live-session.ts'
import type { ConnectionOptions, LeftWhy } from './connection.ts'
import type { OpenRoom } from './open-room.ts'

/**
 * - `looking`: whether one may come in is not known yet
 * - `in`
 * - `over`: the session has ended, or was cancelled
 * - `away`: the server does not answer
 * - `failed`: it does, but cannot let anybody in now; `trouble` says why
 * - `unknown`: there is no such session
 * - all others: why one is not in
 */
export type Phase = 'looking' | 'in' | 'over' | 'away' | 'failed' | 'unknown' | Exclude<LeftWhy, 'left' | 'closed'>

export interface AttendanceState {
  readonly phase: Phase
  /** Known as soon as one may know of it. */
  readonly session: SessionDetails | undefined
  /** Why the last try to come in failed, in words. */
  readonly trouble: string | undefined
  readonly room: OpenRoom | undefined
}

export const NOT_THERE: AttendanceState = { phase: 'looking', session: undefined, trouble: undefined, room: undefined }

type Api = Pick<SessionApi, 'details' | 'join' | 'leave'>

/** Whether the session has started or ended is asked so often, should nobody say so. */
const LOOK_MS = 5_000

/** Somebody comes to a session, is in its room as long as they may, and leaves with `close()`. */
export class Attendance extends Stateful<AttendanceState> {
  readonly #api: Api
  readonly #open: (options: ConnectionOptions) => Promise<OpenRoom>
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Grows with every coming and going: what was waited for before belongs to another one. */
  #turn = 0
  /** Of the questions how the session is, the last one counts. */
  #looks = 0
  /** Somebody is in, or on the way in. */
  #isHere = false

  /** @param open throws ApiFailure where what it needs cannot be loaded */
  constructor (api: Api, open: (options: ConnectionOptions) => Promise<OpenRoom>) {
    super(NOT_THERE)
    this.#api = api
    this.#open = open
  }

  async enter (): Promise<void> {
    this.close()
    this.#isHere = true
    const turn = this.#turn
    this.update({ ...NOT_THERE, session: this.snapshot.session })
    let hasJoined = false
    try {
      const session = await this.#api.details()
      if (turn !== this.#turn) return
      this.update({ session })
      if (isOver(session)) {
        this.update({ phase: 'over' })
        return
      }
      const joined = await this.#api.join()
      hasJoined = true
      const room = await this.#open({ joined, renew: async () => await this.#api.join() })
      if (turn === this.#turn) this.#follow(room)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      if (turn === this.#turn) {
        this.#isHere = false
        this.update({ phase: phaseOf(error), trouble: failureText(error) })
      }
    }
    // Who has come once more meanwhile keeps the place: to the server they are the same.
    if (hasJoined && !this.#isHere) this.#api.leave()
  }

  /** Asks how the session is at once. */
  async look (): Promise<void> {
    clearTimeout(this.#timer)
    const turn = this.#turn
    const look = ++this.#looks
    const isLast = () => turn === this.#turn && look === this.#looks
    try {
      const session = await this.#api.details()
      if (!isLast()) return
      this.update({ session })
      if (isOver(session)) this.#end('over')
    } catch (error) {
      // The room knows better whether one is still in.
      if (!(error instanceof ApiFailure)) throw error
    }
    if (isLast() && this.snapshot.phase === 'in') this.#timer = setTimeout(() => { void this.look() }, LOOK_MS)
  }

  /** Leaves, so that somebody else finds room. */
  close (): void {
    const { room, phase } = this.snapshot
    this.#turn++
    this.#isHere = false
    clearTimeout(this.#timer)
    if (room === undefined) return
    const isIn = phase === 'in' && room.connection.snapshot.connection !== 'left'
    room.connection.leave()
    this.update({ phase: 'looking', room: undefined })
    if (isIn) this.#api.leave()
  }

  #follow (room: OpenRoom): void {
    const { connection } = room
    connection.on('change', ({ connection, why }) => { if (connection === 'left') this.#left(room, why) })
    connection.on('news', news => { if (news === 'session') void this.look() })
    this.update({ phase: 'in', room })
    connection.start()
    this.#timer = setTimeout(() => { void this.look() }, LOOK_MS)
  }

  #left (room: OpenRoom, why: LeftWhy | undefined): void {
    if (room !== this.snapshot.room || why === undefined || why === 'left') return
    // The session has ended, or the room was empty for too long.
    if (why === 'closed') void this.enter()
    else this.#end(why)
  }

  #end (phase: Phase): void {
    const { room } = this.snapshot
    this.#turn++
    clearTimeout(this.#timer)
    this.update({ phase, room: undefined })
    room?.connection.leave()
  }
}

export function isOver ({ status }: Pick<SessionDetails, 'status'>): boolean {
  return status === 'ended' || status === 'cancelled'
}

/** Why one cannot come in. */
export function phaseOf ({ status, code }: Pick<ApiFailure, 'status' | 'code'>): Phase {
  if (code === 'SESSION_FULL') return 'full'
  if (code === 'INVALID_INVITE_TOKEN') return 'uninvited'
  switch (status) {
    case 401: return 'logged-out'
    case 403: return 'removed'
    case 404: return 'unknown'
    case 409: return 'over'
    case 0: return 'away'
    default: return 'failed'
  }
}
