import type { LivekitConfig } from '../../../src/config/livekit.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Log } from '../../../src/log.ts'
import type { Orm } from '../../../src/platform/database/database.ts'
import type { State } from '../../../src/platform/state/state.ts'
import type { NewRoom, Participant, Permissions, Room, RoomCapabilities, RoomEvent, RoomProvider, RoomRecording, RoomToken } from '../../../src/rooms/provider.ts'
import type { SigningKey } from '../secret.ts'
import { makeToken, readToken, type RoomTokenClaims } from '../tokens.ts'
import { Attendance } from './attendance.ts'
import { hallOf, type Guest, type HallMessage } from './hall-messages.ts'
import type { Connection } from './hall.ts'
import { Halls, type Stay } from './halls.ts'
import { Happenings } from './happenings.ts'
import { Questions } from './questions.ts'
import { RoomClosing } from './room-closing.ts'
import { RoomRegister, type RegisteredRoom } from './room-register.ts'
import type { LeftReason } from '../../../src/rooms/local-messages.ts'

export interface LocalRoomsOptions {
  config: LivekitConfig
  orm: Orm
  state: State
  signingKey: SigningKey
  /** Path of the socket on this server, the prefix of the server before it. */
  socketPath: string
  log: Log
  /** Default: the clock. Rooms are made and closed by it; presence has its own. */
  now?: () => Date
}

interface Parts {
  register: RoomRegister
  attendance: Attendance
  questions: Questions
  happenings: Happenings
  halls: Halls
  closing: RoomClosing
}

/**
 * Rooms without a LiveKit server, for one server or several: rows in the database, presence and messages in the shared
 * state, people on WebSockets (`room-socket.ts`). There is no media.
 */
export class LocalRooms implements RoomProvider {
  readonly kind = 'local'
  readonly capabilities: RoomCapabilities = { media: false, recording: false }
  readonly url = undefined
  readonly socketPath: string
  readonly #options: LocalRoomsOptions
  readonly #parts: Parts
  readonly #endTimeouts: () => void

  private constructor (options: LocalRoomsOptions, parts: Parts) {
    this.socketPath = options.socketPath
    this.#options = options
    this.#parts = parts
    this.#endTimeouts = parts.attendance.onTimeout((sid, guest) => {
      this.#vanished(sid, guest).catch((error: unknown) => options.log.warn({ err: error }, 'that somebody has left a room could not be told'))
    })
  }

  /** The tables are there already. */
  static async open (options: LocalRoomsOptions): Promise<LocalRooms> {
    const { config, orm, state: { presence, channels, counters, locks }, log, now = () => new Date() } = options
    const { emptyTimeoutSeconds, departureTimeoutSeconds, sidHours } = config
    const timeoutMs = config.socketTimeoutSeconds * 1000
    const register = new RoomRegister({ orm, timeouts: { emptyTimeoutSeconds, departureTimeoutSeconds }, now })
    const attendance = new Attendance(presence, timeoutMs)
    const happenings = new Happenings(log, now)
    const questions = await Questions.open(channels, config.socketAnswerMs)
    const halls = new Halls({ register, attendance, happenings, questions, channels, counters, beatMs: timeoutMs / 3, now, log })
    const closing = new RoomClosing({ register, attendance, happenings, channels, locks, sweepMs: config.sweepSeconds * 1000, sidHours, log })
    return new LocalRooms(options, { register, attendance, questions, happenings, halls, closing })
  }

  async createRoom (room: NewRoom): Promise<Room> {
    const { register, happenings } = this.#parts
    const opened = await register.open(room)
    if (opened.isNew) happenings.room('room-started', opened.room)
    return await this.#counted(opened.room)
  }

  async findRoom (id: string): Promise<Room | undefined> {
    const room = await this.#parts.register.find(id)
    return room === undefined ? undefined : await this.#counted(room)
  }

  async listRooms (): Promise<Room[]> {
    const rooms = await this.#parts.register.list()
    const counts = await this.#parts.attendance.counts(rooms.map(({ sid }) => sid))
    return rooms.map((room, index) => ({ ...room, participants: counts[index]! }))
  }

  async deleteRoom (name: string): Promise<void> {
    await this.#parts.closing.close(name)
  }

  /** The room stays open as if it had just been made, so that they can come. */
  async issueToken (token: RoomToken): Promise<string> {
    const [issued] = await Promise.all([makeToken(this.#options.signingKey, token), this.#parts.register.wanted(token.room)])
    return issued
  }

  async readToken (token: string): Promise<RoomTokenClaims> {
    return await readToken(this.#options.signingKey, token)
  }

  async participants (name: string): Promise<Participant[]> {
    const room = await this.#parts.register.findOpen(name)
    return room === undefined ? [] : (await this.#parts.attendance.guests(room.sid)).map(participantOf)
  }

  async setPermissions (name: string, identity: string, permissions: Permissions, attributes?: Record<string, string>): Promise<boolean> {
    const found = await this.#find(name, identity)
    return found !== undefined && await this.#parts.questions.ask(found.sid, { identity, wish: { type: 'permit', permissions, ...(attributes === undefined ? {} : { attributes }) } })
  }

  async removeParticipant (name: string, identity: string): Promise<boolean> {
    const found = await this.#find(name, identity)
    if (found === undefined) return false
    if (!await this.#parts.questions.ask(found.sid, { identity, wish: { type: 'remove' } })) await this.#forget(found.sid, found.guest)
    return true
  }

  /** Who is connected goes with their connection; who was connected to a server that is gone has left now. */
  async left (name: string, identity: string): Promise<void> {
    const found = await this.#find(name, identity)
    if (found !== undefined && !await this.#parts.questions.ask(found.sid, { identity, wish: { type: 'none' } })) await this.#forget(found.sid, found.guest)
  }

  /** As text. */
  async sendData (name: string, data: Uint8Array, { topic = '', identities }: { topic?: string, identities?: readonly string[] } = {}): Promise<void> {
    const room = await this.#parts.register.findOpen(name)
    if (room === undefined) throw new HeadwaterError('ROOM_NOT_FOUND')
    const message: HallMessage = { kind: 'data', from: null, topic, payload: new TextDecoder().decode(data), ...(identities === undefined ? {} : { to: identities }) }
    await this.#options.state.channels.publish(hallOf(room.sid), message)
  }

  async startRecording (): Promise<RoomRecording> {
    throw new HeadwaterError('RECORDING_NOT_POSSIBLE', { message: 'Rooms cannot be recorded without a LiveKit server' })
  }

  async stopRecording (): Promise<RoomRecording> {
    throw new HeadwaterError('RECORDING_NOT_FOUND')
  }

  async findRecording (): Promise<undefined> {
    return undefined
  }

  async findRecordingsByPath (): Promise<Map<string, RoomRecording>> {
    return new Map()
  }

  onEvent (listener: (event: RoomEvent) => void | Promise<void>): () => void {
    return this.#parts.happenings.listen(listener)
  }

  /** Lets somebody in who has a token, or says why not. */
  async enter (claims: RoomTokenClaims, connection: Connection): Promise<Stay | LeftReason> {
    return await this.#parts.halls.enter(claims, connection)
  }

  /** Rooms that nobody is in are closed by itself too; of several servers one does it at a time. */
  async closeEmptyRooms (): Promise<void> {
    await this.#parts.closing.sweep()
  }

  /** Everybody who is connected here goes, and nobody comes any more. */
  async disconnectAll (): Promise<void> {
    await this.#parts.halls.empty()
  }

  async close (): Promise<void> {
    const { halls, closing, questions } = this.#parts
    await halls.close()
    await closing.end()
    this.#endTimeouts()
    await questions.close()
  }

  async #counted (room: RegisteredRoom): Promise<Room> {
    return { ...room, participants: await this.#parts.attendance.count(room.sid) }
  }

  /** Somebody in a room that is open, and its sid. */
  async #find (name: string, identity: string): Promise<{ sid: string, guest: Guest } | undefined> {
    const room = await this.#parts.register.findOpen(name)
    const guest = room === undefined ? undefined : await this.#parts.attendance.find(room.sid, identity)
    return room === undefined || guest === undefined ? undefined : { sid: room.sid, guest }
  }

  /** Their server is gone. */
  async #forget (sid: string, guest: Guest): Promise<void> {
    if (await this.#parts.attendance.leave(sid, guest.person.identity)) await this.#vanished(sid, guest)
  }

  /** Somebody has lost their seat who is connected to no server. */
  async #vanished (sid: string, guest: Guest): Promise<void> {
    const { happenings, attendance, register } = this.#parts
    happenings.participant('participant-left', sid, guest)
    await this.#options.state.channels.publish(hallOf(sid), { kind: 'gone', identity: guest.person.identity, sid: guest.person.sid } satisfies HallMessage)
    if (await attendance.count(sid) === 0) await register.visited(sid)
  }
}

function participantOf ({ person: { joinedAt, ...person } }: Guest): Participant {
  return { ...person, joinedAt: new Date(joinedAt), isPerson: true }
}
