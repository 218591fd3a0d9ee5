import { EventEmitter } from 'node:events'
import type { ParticipantPermission } from 'livekit-server-sdk'
import { enter, type Door } from './door.ts'
import { newTrack, type DataMessage, type Member, type Reason, type Source } from './member.ts'
import type { OpenRoom, Rooms } from './rooms.ts'

interface ClientEvents {
  data: [DataMessage]
  left: [Reason]
  /** Permissions, metadata or who is there. */
  changed: []
}

/** Somebody who is connected to a room with a token: what a page does with LiveKit's client. */
export class Client {
  readonly events = new EventEmitter<ClientEvents>()
  /** All data that has come. */
  readonly received: DataMessage[] = []
  readonly #rooms: Rooms
  readonly #room: OpenRoom
  readonly #member: Member

  /** @throws JoinRefused */
  constructor (token: string, door: Door) {
    this.#rooms = door.rooms
    const { room, member } = enter(token, door, {
      left: reason => { this.events.emit('left', reason) },
      changed: () => { this.events.emit('changed') },
      data: message => {
        this.received.push(message)
        this.events.emit('data', message)
      }
    })
    this.#room = room
    this.#member = member
  }

  get identity (): string {
    return this.#member.identity
  }

  get sid (): string {
    return this.#member.sid
  }

  get room (): { name: string, sid: string, metadata: string } {
    const { name, sid, metadata } = this.#room
    return { name, sid, metadata }
  }

  get name (): string {
    return this.#member.name
  }

  get attributes (): Record<string, string> {
    return { ...this.#member.attributes }
  }

  get permission (): ParticipantPermission {
    return this.#member.permission
  }

  get isConnected (): boolean {
    return this.#member.reason === undefined
  }

  /** Why it is no longer connected. */
  get reason (): Reason | undefined {
    return this.#member.reason
  }

  /** Sids of what it publishes. */
  get published (): string[] {
    return [...this.#member.tracks.keys()]
  }

  /** Sids of what the others publish, as far as it may have it. */
  get subscribed (): string[] {
    if (!this.isConnected || !this.permission.canSubscribe) return []
    return [...this.#room.members.values()].filter(member => member !== this.#member).flatMap(({ tracks }) => [...tracks.keys()])
  }

  /** Identities of the others, but for those who are hidden. */
  get others (): string[] {
    return [...this.#room.members.values()].filter(member => member !== this.#member && !member.permission.hidden).map(({ identity }) => identity)
  }

  /** @returns the track's sid @throws TwirpError where it may not */
  publish (source: Source): string {
    this.#mustBeConnected()
    return this.#rooms.publish(this.#room, this.#member, newTrack(source))
  }

  unpublish (sid: string): void {
    this.#rooms.unpublish(this.#room, this.#member, sid)
  }

  /** @param to identities; without them everybody @returns whether it goes anywhere: LiveKit drops what may not be sent */
  send (topic: string, payload: string | Buffer, to: readonly string[] = []): boolean {
    this.#mustBeConnected()
    if (!this.permission.canPublishData) return false
    this.#rooms.send(this.#room, this.#member, topic, Buffer.from(payload), to)
    return true
  }

  leave (): void {
    this.#rooms.leave(this.#room, this.#member, 'CLIENT_INITIATED')
  }

  /** Its network is gone, and LiveKit has noticed. */
  drop (): void {
    this.#rooms.leave(this.#room, this.#member, 'CONNECTION_TIMEOUT')
  }

  #mustBeConnected (): void {
    if (!this.isConnected) throw new Error(`Not connected: ${this.reason}`)
  }
}
