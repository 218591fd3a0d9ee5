import { Room, type ParticipantInfo, type ParticipantPermission, type TrackInfo } from 'livekit-server-sdk'
import { infoOf, isDependent, mayPublish, type Member, type Reason } from './member.ts'
import type { MovableClock } from './movable-clock.ts'
import { newSid } from './sids.ts'
import { refuse } from './twirp-error.ts'

/** Seconds; LiveKit's own. */
const DEFAULT_EMPTY_TIMEOUT = 300
const DEFAULT_DEPARTURE_TIMEOUT = 20

/** What is set of a room; 0 and nothing: as it was, or the default. */
export interface RoomSettings {
  name: string
  metadata: string
  /** Seconds. */
  emptyTimeout: number
  departureTimeout: number
  maxParticipants: number
}

export interface OpenRoom extends RoomSettings {
  sid: string
  createdMs: number
  members: Map<string, Member>
  /** Somebody has come since it is open. */
  wasEntered: boolean
  isRecorded: boolean
  stopClosing: () => void
}

/** What happens, as webhooks tell it. */
export type RoomHappening = 'room_started' | 'room_finished' | 'participant_joined' | 'participant_left' | 'participant_connection_aborted' | 'track_published' | 'track_unpublished'
export type Tell = (event: RoomHappening, about: { room: Room, participant?: ParticipantInfo, track?: TrackInfo }) => void

/** The rooms that are open, and who is in them. A room is open until it has been empty for its time, or is deleted. */
export class Rooms {
  readonly #clock: MovableClock
  readonly #tell: Tell
  readonly #closed: (room: OpenRoom) => void
  readonly #open = new Map<string, OpenRoom>()

  /** @param closed one is going to be told as finished */
  constructor (clock: MovableClock, tell: Tell, closed: (room: OpenRoom) => void) {
    this.#clock = clock
    this.#tell = tell
    this.#closed = closed
  }

  all (): OpenRoom[] {
    return [...this.#open.values()]
  }

  find (name: string): OpenRoom | undefined {
    return this.#open.get(name)
  }

  /** @throws TwirpError */
  get (name: string): OpenRoom {
    return this.find(name) ?? refuse('not_found', 'requested room does not exist')
  }

  /** One that is open keeps its sid. */
  create ({ name, metadata, emptyTimeout, departureTimeout, maxParticipants }: RoomSettings): OpenRoom {
    const open = this.find(name)
    const room = open ?? { name, sid: newSid('RM'), metadata: '', emptyTimeout: DEFAULT_EMPTY_TIMEOUT, departureTimeout: DEFAULT_DEPARTURE_TIMEOUT, maxParticipants: 0, createdMs: this.#clock.now(), members: new Map(), wasEntered: false, isRecorded: false, stopClosing: () => {} }
    if (metadata !== '') room.metadata = metadata
    if (emptyTimeout > 0) room.emptyTimeout = emptyTimeout
    if (departureTimeout > 0) room.departureTimeout = departureTimeout
    if (maxParticipants > 0) room.maxParticipants = maxParticipants
    this.#open.set(name, room)
    if (open === undefined) this.#tell('room_started', { room: snapshot(room) })
    this.#closeInTime(room)
    return room
  }

  setMetadata (room: OpenRoom, metadata: string): void {
    room.metadata = metadata
    this.changed(room)
  }

  close (room: OpenRoom, reason: Reason): void {
    for (const member of room.members.values()) this.leave(room, member, reason)
    this.#open.delete(room.name)
    room.stopClosing()
    this.#closed(room)
    this.#tell('room_finished', { room: snapshot(room) })
  }

  isFull ({ maxParticipants, members }: OpenRoom, identity: string): boolean {
    return maxParticipants > 0 && [...members.values()].filter(member => !isDependent(member) && member.identity !== identity).length >= maxParticipants
  }

  /** The same identity is there once: who was there before is not any more. */
  enter (room: OpenRoom, member: Member): void {
    const before = room.members.get(member.identity)
    if (before !== undefined) this.leave(room, before, 'DUPLICATE_IDENTITY')
    room.members.set(member.identity, member)
    if (!isDependent(member)) room.wasEntered = true
    room.stopClosing()
    this.#tell('participant_joined', { room: snapshot(room), participant: infoOf(member) })
    this.#closeInTime(room)
    this.changed(room)
  }

  leave (room: OpenRoom, member: Member, reason: Reason): void {
    if (member.reason !== undefined) return
    for (const { sid } of member.tracks.values()) this.unpublish(room, member, sid)
    member.reason = reason
    room.members.delete(member.identity)
    if (reason === 'CONNECTION_TIMEOUT') this.#tell('participant_connection_aborted', { room: snapshot(room), participant: infoOf(member) })
    this.#tell('participant_left', { room: snapshot(room), participant: infoOf(member) })
    member.listener.left(reason)
    this.#closeInTime(room)
    this.changed(room)
  }

  /** @throws TwirpError */
  member (room: string, identity: string): Member {
    return this.find(room)?.members.get(identity) ?? refuse('not_found', 'participant does not exist')
  }

  /** The whole of it counts. Tracks that are no longer allowed go. */
  setPermission (room: OpenRoom, member: Member, permission: ParticipantPermission): void {
    member.permission = permission
    for (const { sid, source } of member.tracks.values()) {
      if (!mayPublish(permission, source)) this.unpublish(room, member, sid)
    }
    this.changed(room)
  }

  /** @returns the sid of the track @throws TwirpError */
  publish (room: OpenRoom, member: Member, track: TrackInfo): string {
    if (!mayPublish(member.permission, track.source)) refuse('unauthenticated', 'permissions denied')
    member.tracks.set(track.sid, track)
    this.#tell('track_published', { room: snapshot(room), participant: infoOf(member), track })
    this.changed(room)
    return track.sid
  }

  unpublish (room: OpenRoom, member: Member, sid: string): void {
    const track = member.tracks.get(sid)
    if (track === undefined) return
    member.tracks.delete(sid)
    this.#tell('track_unpublished', { room: snapshot(room), participant: infoOf(member), track })
    this.changed(room)
  }

  /** @param to identities or sids; empty: everybody but who sent it */
  send (room: OpenRoom, from: Member | undefined, topic: string, payload: Buffer, to: readonly string[]): void {
    for (const member of room.members.values()) {
      const isMeant = to.length === 0 ? member !== from : to.includes(member.identity) || to.includes(member.sid)
      if (isMeant) member.listener.data({ from: from?.identity, topic, payload })
    }
  }

  /** All who are there hear that something is new. */
  changed (room: OpenRoom): void {
    for (const member of room.members.values()) member.listener.changed()
  }

  /** Empty from the beginning or since somebody left, which last differently long. */
  #closeInTime (room: OpenRoom): void {
    room.stopClosing()
    if ([...room.members.values()].some(member => !isDependent(member)) || this.find(room.name) !== room) return
    const seconds = room.wasEntered ? room.departureTimeout : room.emptyTimeout
    room.stopClosing = this.#clock.after(seconds * 1000, () => this.close(room, 'ROOM_CLOSED'))
  }
}

/** As it is told. */
export function snapshot ({ sid, name, metadata, emptyTimeout, departureTimeout, maxParticipants, createdMs, members, isRecorded }: OpenRoom): Room {
  const counted = [...members.values()].filter(member => !isDependent(member))
  return new Room({
    sid,
    name,
    metadata,
    emptyTimeout,
    departureTimeout,
    maxParticipants,
    creationTime: BigInt(Math.floor(createdMs / 1000)),
    creationTimeMs: BigInt(createdMs),
    numParticipants: counted.length,
    numPublishers: counted.filter(({ tracks }) => tracks.size > 0).length,
    activeRecording: isRecorded
  })
}
