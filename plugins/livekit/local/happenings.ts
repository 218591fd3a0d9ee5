import { randomUUID } from 'node:crypto'
import { Listeners } from '../../../src/listeners.ts'
import type { Log } from '../../../src/log.ts'
import type { Room, RoomEvent } from '../../../src/rooms/provider.ts'
import type { Guest } from './hall-messages.ts'

type NamedRoom = Pick<Room, 'name' | 'sid'>

/** What happens to rooms, told on the server that made it happen. */
export class Happenings {
  readonly #listeners: Listeners<[RoomEvent]>
  readonly #now: () => Date

  constructor (log: Log, now: () => Date) {
    this.#listeners = new Listeners(log, 'events of rooms')
    this.#now = now
  }

  listen (listener: (event: RoomEvent) => void | Promise<void>): () => void {
    return this.#listeners.add(listener)
  }

  room (type: 'room-started' | 'room-finished', { name, sid }: NamedRoom): void {
    this.#listeners.tell({ type, ...this.#happened(), room: { name, sid } })
  }

  participant (type: 'participant-joined' | 'participant-left', roomSid: string, { room, person: { identity, sid, name } }: Guest): void {
    this.#listeners.tell({ type, ...this.#happened(), room: { name: room, sid: roomSid }, participant: { identity, sid, name, isPerson: true } })
  }

  #happened (): { id: string, at: Date } {
    return { id: randomUUID(), at: this.#now() }
  }
}
