import { DataPacket_Kind as DataKind, type Room as RoomInfo } from 'livekit-server-sdk'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { Listeners } from '../../../src/listeners.ts'
import type { Log } from '../../../src/log.ts'
import { RecentMap } from '../../../src/recent-map.ts'
import type { NewRoom, Participant, Permissions, Room, RoomCapabilities, RoomEvent, RoomProvider, RoomRecording, RoomToken } from '../../../src/rooms/provider.ts'
import type { SigningKey } from '../secret.ts'
import { makeToken, readToken } from '../tokens.ts'
import { LivekitClient, type ClientOptions, type Sdk } from './client.ts'
import { isWrittenTo, recordingOf } from './egress-info.ts'
import { egressOutput, type Bucket, type EgressOutput } from './egress-output.ts'
import { answered, LivekitFailure, unless, type Operation } from './failure.ts'
import { isConnected, participantOf, permissionInfo } from './participant-info.ts'
import { newestFirst, ROOM_SID, roomOf } from './room-info.ts'
import { parseWebhookEvent, type ToldEvent } from './webhook-event.ts'

export interface LivekitRoomsOptions extends Pick<ClientOptions, 'onOutcome'> {
  config: LivekitConfig
  signingKey: SigningKey
  bucket: Bucket
  log: Log
}

/** Rooms at a LiveKit server. */
export class LivekitRooms implements RoomProvider {
  readonly kind = 'livekit'
  readonly capabilities: RoomCapabilities
  readonly url: string
  readonly socketPath = undefined
  readonly #config: LivekitConfig
  readonly #signingKey: SigningKey
  readonly #client: LivekitClient
  readonly #outputOf: EgressOutput | undefined
  /** Names of rooms by sid, also of those that were made again under their name: the server forgets that. */
  readonly #names: RecentMap<string, string>
  readonly #listeners: Listeners<[RoomEvent]>
  readonly #log: Log

  /** @throws HeadwaterError `CONFIG_INVALID` */
  constructor ({ config, signingKey, bucket, log, onOutcome }: LivekitRoomsOptions) {
    this.#config = config
    this.#signingKey = signingKey
    this.#log = log
    this.#outputOf = egressOutput(config, bucket)
    this.capabilities = { media: true, recording: this.#outputOf !== undefined }
    this.url = socketAddress(config.publicUrl === '' ? config.url : config.publicUrl)
    this.#client = new LivekitClient({ settings: config, signingKey, log, onOutcome })
    this.#names = new RecentMap(config.rememberedSids)
    this.#listeners = new Listeners(log, 'events of rooms')
  }

  /** By the last request. */
  get connection (): 'connected' | 'disconnected' {
    return this.#client.isAnswering ? 'connected' : 'disconnected'
  }

  async createRoom ({ name, metadata, maxParticipants, emptyTimeoutSeconds, departureTimeoutSeconds }: NewRoom): Promise<Room> {
    const { emptyTimeoutSeconds: emptyTimeout, departureTimeoutSeconds: departureTimeout } = this.#config
    const room = await this.#ask('CreateRoom', ({ rooms }) => rooms.createRoom({
      name,
      emptyTimeout: emptyTimeoutSeconds ?? emptyTimeout,
      departureTimeout: departureTimeoutSeconds ?? departureTimeout,
      ...(metadata === undefined ? {} : { metadata }),
      ...(maxParticipants === undefined ? {} : { maxParticipants })
    }))
    // A room that is open already does not lose what it has to something empty.
    const isKept = metadata !== undefined && room.metadata !== metadata
    return this.#seen(isKept ? await this.#ask('UpdateRoomMetadata', ({ rooms }) => rooms.updateRoomMetadata(name, metadata)) : room)
  }

  async findRoom (id: string): Promise<Room | undefined> {
    if (!ROOM_SID.test(id)) return this.#seenIfAny((await this.#list([id])).find(({ name }) => name === id))
    const earlier = this.#names.get(id)
    if (earlier !== undefined) {
      const named = await this.#list([id, earlier])
      const found = named.find(({ name }) => name === id) ?? named.find(({ name }) => name === earlier)
      if (found !== undefined) return this.#seen(found)
    }
    const all = await this.#list()
    return this.#seenIfAny(all.find(({ name }) => name === id) ?? all.find(({ sid }) => sid === id))
  }

  async listRooms (): Promise<Room[]> {
    return newestFirst(await this.#list()).map(room => this.#seen(room))
  }

  async deleteRoom (name: string): Promise<void> {
    await this.#ask('DeleteRoom', async ({ rooms }) => { await rooms.deleteRoom(name) }).catch(ifThere('ROOM_NOT_FOUND', undefined))
  }

  async issueToken (token: RoomToken): Promise<string> {
    return await makeToken(this.#signingKey, token)
  }

  async readToken (token: string): Promise<Pick<RoomToken, 'room' | 'identity' | 'name' | 'permissions'>> {
    return await readToken(this.#signingKey, token)
  }

  async participants (room: string): Promise<Participant[]> {
    const infos = await this.#ask('ListParticipants', ({ rooms }) => rooms.listParticipants(room)).catch(ifThere('ROOM_NOT_FOUND', []))
    return infos.filter(isConnected).map(participantOf)
  }

  async setPermissions (room: string, identity: string, permissions: Permissions, attributes?: Record<string, string>): Promise<boolean> {
    const change = { permission: permissionInfo(permissions), ...(attributes === undefined ? {} : { attributes }) }
    return await this.#ask('UpdateParticipant', async ({ rooms }) => { await rooms.updateParticipant(room, identity, change) })
      .then(() => true, ifThere('PARTICIPANT_NOT_FOUND', false))
  }

  async removeParticipant (room: string, identity: string): Promise<boolean> {
    return await this.#ask('RemoveParticipant', async ({ rooms }) => { await rooms.removeParticipant(room, identity) })
      .then(() => true, ifThere('PARTICIPANT_NOT_FOUND', false))
  }

  /** LiveKit sees by itself who is there. */
  async left (): Promise<void> {}

  async sendData (room: string, data: Uint8Array, { topic, identities }: { topic?: string, identities?: readonly string[] } = {}): Promise<void> {
    // To nobody would be to everybody.
    if (identities?.length === 0) return
    const options = { ...(topic === undefined ? {} : { topic }), ...(identities === undefined ? {} : { destinationIdentities: [...identities] }) }
    await this.#ask('SendData', async ({ rooms }) => { await rooms.sendData(room, data, DataKind.RELIABLE, options) })
  }

  async startRecording (room: string, path: string): Promise<RoomRecording> {
    const outputOf = this.#outputOf
    if (outputOf === undefined) throw new HeadwaterError('RECORDING_NOT_POSSIBLE', { message: 'LiveKit records where LIVEKIT_EGRESS_DIR or LIVEKIT_EGRESS_S3 is set' })
    const file = outputOf(path)
    return await answered(async () => {
      try {
        const started = await this.#client.ask('StartRoomCompositeEgress', ({ egress }) => egress.startRoomCompositeEgress(room, { file }))
        if (started.egressId === '') throw new HeadwaterError('ROOMS_UNAVAILABLE', { message: 'LiveKit has answered without a recording (look at LIVEKIT_URL)' })
        return recordingOf(started)
      } catch (error) {
        const started = error instanceof LivekitFailure && error.mayBeDone ? await this.#startedUnheard(room, path) : undefined
        if (started === undefined) throw error
        return started
      }
    })
  }

  async stopRecording (id: string): Promise<RoomRecording> {
    const stopped = await answered(async () => await this.#client.ask('StopEgress', ({ egress }) => egress.stopEgress(id)).catch(unless(['conflict', 'missing'], undefined)))
    if (stopped !== undefined) return recordingOf(stopped)
    const ended = await this.findRecording(id)
    if (ended === undefined) throw new HeadwaterError('RECORDING_NOT_FOUND')
    return ended
  }

  async findRecording (id: string): Promise<RoomRecording | undefined> {
    const infos = await this.#ask('ListEgress', ({ egress }) => egress.listEgress({ egressId: id })).catch(ifThere('RECORDING_NOT_FOUND', []))
    const info = infos.find(({ egressId }) => egressId === id)
    return info === undefined ? undefined : recordingOf(info)
  }

  async findRecordingsByPath (asked: ReadonlyArray<{ room: string, path: string }>): Promise<Map<string, RoomRecording>> {
    const outputOf = this.#outputOf
    if (outputOf === undefined) return new Map()
    const rooms = [...new Set(asked.map(({ room }) => room))]
    const infos = (await Promise.all(rooms.map(async roomName => await this.#ask('ListEgress', ({ egress }) => egress.listEgress({ roomName }))))).flat()
    return new Map(asked.flatMap(({ path }) => {
      const { filepath } = outputOf(path)
      const info = infos.find(info => isWrittenTo(info, filepath))
      return info === undefined ? [] : [[path, recordingOf(info)]]
    }))
  }

  onEvent (listener: (event: RoomEvent) => void | Promise<void>): () => void {
    return this.#listeners.add(listener)
  }

  /** What a webhook says. @throws HeadwaterError `INVALID_REQUEST` */
  readonly parseEvent = (body: string): ToldEvent => parseWebhookEvent(body)

  readonly tell = (event: RoomEvent): void => {
    if (event.type === 'room-started') this.#names.set(event.room.sid, event.room.name)
    this.#listeners.tell(event)
  }

  /** The server is about to close: what fails from now on is not tried again. */
  tryNoMore (): void {
    this.#client.tryNoMore()
  }

  async close (): Promise<void> {
    await this.#client.close()
  }

  async #list (names?: string[]): Promise<RoomInfo[]> {
    return await this.#ask('ListRooms', ({ rooms }) => rooms.listRooms(names))
  }

  async #ask<T> (operation: Operation, request: (sdk: Sdk) => Promise<T>): Promise<T> {
    return await answered(() => this.#client.ask(operation, request))
  }

  #seen (room: RoomInfo): Room {
    if (room.sid === '') throw new HeadwaterError('ROOMS_UNAVAILABLE', { message: 'LiveKit has answered without a room (look at LIVEKIT_URL)' })
    this.#names.set(room.sid, room.name)
    return roomOf(room)
  }

  #seenIfAny (room: RoomInfo | undefined): Room | undefined {
    return room === undefined ? undefined : this.#seen(room)
  }

  /** A recording that was started though the answer was lost: it has the path that was asked for. */
  async #startedUnheard (room: string, path: string): Promise<RoomRecording | undefined> {
    try {
      return (await this.findRecordingsByPath([{ room, path }])).get(path)
    } catch (error) {
      if (!(error instanceof HeadwaterError)) throw error
      this.#log.warn({ room, reason: error.message }, 'a recording may have been started whose answer was lost')
      return undefined
    }
  }
}

/** Where people connect to. */
function socketAddress (url: string): string {
  return url.replace(/^http/, 'ws').replace(/\/$/, '')
}

/** What is given instead of an answer for something that is not there. */
function ifThere<T> (code: HeadwaterError['code'], instead: T): (error: unknown) => T {
  return error => {
    if (error instanceof HeadwaterError && error.code === code) return instead
    throw error
  }
}
