import { Coalesced } from '../../../src/coalesced.ts'
import type { Log } from '../../../src/log.ts'
import type { Channels, Locks } from '../../../src/platform/state/state.ts'
import type { Attendance } from './attendance.ts'
import { hallOf, type HallMessage } from './hall-messages.ts'
import type { Happenings } from './happenings.ts'
import type { RegisteredRoom, RoomRegister } from './room-register.ts'

const LOCK = 'rooms:closing'
const LEASE_MS = 30_000

export interface RoomClosingOptions {
  register: RoomRegister
  attendance: Attendance
  channels: Channels
  locks: Locks
  happenings: Happenings
  /** How often rooms are looked for that are to be closed. */
  sweepMs: number
  /** A closed room is remembered for so long. */
  sidHours: number
  log: Log
}

/** Closes rooms: when somebody says so, and those that nobody is in. */
export class RoomClosing {
  readonly #options: RoomClosingOptions
  readonly #timer: NodeJS.Timeout
  readonly #sweeps: Coalesced

  constructor (options: RoomClosingOptions) {
    this.#options = options
    this.#sweeps = new Coalesced(async () => await this.#sweepAlone())
    this.#timer = setInterval(() => {
      this.sweep().catch((error: unknown) => options.log.warn({ err: error }, 'empty rooms could not be closed'))
    }, options.sweepMs).unref()
  }

  /** With everybody in it. One that is closed already stays so. */
  async close (name: string): Promise<void> {
    const room = await this.#options.register.close(name)
    if (room !== undefined) await this.#closed(room)
  }

  /** Does nothing while another server does it. */
  async sweep (): Promise<void> {
    await this.#sweeps.run()
  }

  async end (): Promise<void> {
    clearInterval(this.#timer)
    await this.#sweeps.idle()
  }

  async #sweepAlone (): Promise<void> {
    const { locks, register, sidHours } = this.#options
    const lease = await locks.take(LOCK, LEASE_MS)
    if (lease === undefined) return
    try {
      for (const room of await register.quiet()) {
        if (lease.lost.aborted) return
        await this.#look(room)
      }
      await register.forgetClosed(sidHours)
    } finally {
      await lease.release()
    }
  }

  async #look (room: RegisteredRoom): Promise<void> {
    const { register, attendance } = this.#options
    if (await attendance.count(room.sid) > 0) {
      await register.visited(room.sid)
      return
    }
    // From here on nobody gets in, so that none is closed in which somebody is.
    if (!await attendance.closeIfEmpty(room.sid)) return
    let closed: RegisteredRoom | undefined
    try {
      closed = await register.closeQuiet(room.sid)
    } finally {
      await attendance.clear(room.sid)
    }
    if (closed !== undefined) await this.#closed(closed)
  }

  async #closed (room: RegisteredRoom): Promise<void> {
    const { attendance, channels, happenings } = this.#options
    happenings.room('room-finished', room)
    await channels.publish(hallOf(room.sid), { kind: 'closed' } satisfies HallMessage)
    // Otherwise the last who leaves does that.
    if (await attendance.count(room.sid) === 0) await attendance.clear(room.sid)
  }
}
