import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { ALL_PERMISSIONS, type Room, type RoomProvider } from '../../src/rooms/provider.ts'
import { isSessionRoom } from '../../src/rooms/room-names.ts'
import { readDetails, writeDetails } from './room-details.ts'
import { isOwnName, newRoomName } from './room-name.ts'

export interface NewOpenRoom {
  userName: string
  roomTopic: string
  description: string
  maxParticipants: number
}

/** A room as anybody may see it. */
export interface OpenRoom {
  /** Its name where it was made here; otherwise its sid. */
  roomId: string
  roomTopic: string
  description: string
  maxParticipants: number
  createdBy: string
  /** ISO 8601, whole seconds, with `.000Z`. */
  createdAt: string
}

type Provider = Pick<RoomProvider, 'createRoom' | 'findRoom' | 'listRooms' | 'issueToken'>

/** Rooms that anybody may make and enter. All those of the provider are, but for the ones that another feature guards. */
export class OpenRooms {
  readonly #provider: Provider
  readonly #tokenSeconds: number

  constructor (provider: Provider, { tokenSeconds }: { tokenSeconds: number }) {
    this.#provider = provider
    this.#tokenSeconds = tokenSeconds
  }

  async create ({ userName, roomTopic, description, maxParticipants }: NewOpenRoom): Promise<{ roomId: string, token: string }> {
    const metadata = writeDetails({ topic: roomTopic, description, createdBy: userName })
    const { name } = await this.#provider.createRoom({ name: newRoomName(), metadata, maxParticipants })
    return { roomId: name, token: await this.#tokenFor(name, userName) }
  }

  /** @param id a name or a sid @returns a token for it @throws HeadwaterError `ROOM_NOT_FOUND` */
  async join (id: string, userName: string): Promise<string> {
    const { name } = await this.#find(id)
    return await this.#tokenFor(name, userName)
  }

  /** @param id a name or a sid @throws HeadwaterError `ROOM_NOT_FOUND` */
  async get (id: string): Promise<OpenRoom> {
    return asOpenRoom(await this.#find(id))
  }

  /** Newest first. */
  async list (): Promise<OpenRoom[]> {
    const rooms = await this.#provider.listRooms()
    return rooms.filter(({ name }) => !isSessionRoom(name)).map(asOpenRoom)
  }

  async #find (id: string): Promise<Room> {
    const room = await this.#provider.findRoom(id)
    if (room === undefined || isSessionRoom(room.name)) throw new HeadwaterError('ROOM_NOT_FOUND')
    return room
  }

  async #tokenFor (room: string, userName: string): Promise<string> {
    return await this.#provider.issueToken({ room, identity: userName, permissions: ALL_PERMISSIONS, lifeSeconds: this.#tokenSeconds })
  }
}

function asOpenRoom ({ name, sid, metadata, maxParticipants, createdAt }: Room): OpenRoom {
  const isOwn = isOwnName(name)
  // What others keep with their rooms is theirs.
  const { topic, description, createdBy } = readDetails(isOwn ? metadata : '')
  const seconds = Math.floor(createdAt.getTime() / 1000)
  return {
    roomId: isOwn ? name : sid,
    roomTopic: topic === '' ? name : topic,
    description,
    maxParticipants,
    createdBy,
    createdAt: new Date(seconds * 1000).toISOString()
  }
}
