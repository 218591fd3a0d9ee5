import { isDeepStrictEqual } from 'node:util'
import type { RoomPerson, RoomServerMessage } from '../../../src/rooms/local-messages.ts'
import { isLater, type Guest } from './hall-messages.ts'

/** What is told to everybody but whom it is about; `participant-changed` to them too. */
export type RosterChange = Extract<RoomServerMessage, { type: 'participant-joined' | 'participant-left' | 'participant-changed' }>

/**
 * Who is in a room, as one server knows it: by messages, which may be lost, and by looking at presence, which is right but
 * may be older than the last message.
 */
export class Roster {
  readonly #guests = new Map<string, Guest>()
  /** Of whom there were messages since somebody began to look. */
  readonly #heardOf = new Set<string>()

  find (identity: string): Guest | undefined {
    return this.#guests.get(identity)
  }

  /** In the order in which they came. */
  persons (): RoomPerson[] {
    return [...this.#guests.values()].sort((one, other) => one.turn - other.turn).map(({ person }) => person)
  }

  here (guest: Guest): RosterChange[] {
    this.#heardOf.add(guest.person.identity)
    return this.#put(guest)
  }

  gone (identity: string, sid: string): RosterChange[] {
    this.#heardOf.add(identity)
    return this.#guests.get(identity)?.person.sid === sid ? this.#remove(identity) : []
  }

  /** Somebody looks at presence, and will say what they saw. */
  look (): void {
    this.#heardOf.clear()
  }

  saw (guests: readonly Guest[]): RosterChange[] {
    const there = new Set(guests.map(({ person }) => person.identity))
    const left = [...this.#guests.keys()].filter(identity => !there.has(identity) && !this.#heardOf.has(identity))
    return [
      ...left.flatMap(identity => this.#remove(identity)),
      ...guests.filter(({ person }) => !this.#heardOf.has(person.identity)).flatMap(guest => this.#put(guest))
    ]
  }

  #put (guest: Guest): RosterChange[] {
    const { person } = guest
    const known = this.#guests.get(person.identity)
    if (known?.person.sid === person.sid) {
      this.#guests.set(person.identity, guest)
      return isDeepStrictEqual(known.person, person) ? [] : [{ type: 'participant-changed', participant: person }]
    }
    // Of an earlier connection, which is over.
    if (known !== undefined && isLater(known, guest)) return []
    const left = known === undefined ? [] : this.#remove(person.identity)
    this.#guests.set(person.identity, guest)
    return [...left, { type: 'participant-joined', participant: person }]
  }

  #remove (identity: string): RosterChange[] {
    const { sid } = this.#guests.get(identity)!.person
    this.#guests.delete(identity)
    return [{ type: 'participant-left', identity, sid }]
  }
}
