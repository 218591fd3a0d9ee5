/**
 * Rooms, whoever runs them: a LiveKit server, or this installation itself. What features that stand on rooms share;
 * `plugins/livekit` makes it, as the decorator `livekit`.
 */

/** A room that is open. */
export interface Room {
  /** What tokens, and everybody who connects, call it. */
  name: string
  /** Changes when a room is made again under the same name. */
  sid: string
  /** Any text; what Headwater makes is JSON. */
  metadata: string
  /** 0: no limit. */
  maxParticipants: number
  /** Whole seconds. */
  createdAt: Date
  /** People in it now. */
  participants: number
}

export interface NewRoom {
  name: string
  metadata?: string
  maxParticipants?: number
  /** It is closed when nobody has come within so long... */
  emptyTimeoutSeconds?: number
  /** ...or so long after the last has left. */
  departureTimeoutSeconds?: number
}

export type TrackSource = 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio'

/** Always all of it: what is left out when somebody's permissions change is taken away. */
export interface Permissions {
  canPublish: boolean
  /** Where `canPublish`: only these. Empty: all. */
  sources: readonly TrackSource[]
  canSubscribe: boolean
  canPublishData: boolean
}

export interface RoomToken {
  /** Name of the room, never a sid: that would open a new room of that name. */
  room: string
  identity: string
  /** For people to read. */
  name?: string
  permissions: Permissions
  /** May ask the server about its room by itself. Default: false. */
  isAdmin?: boolean
  attributes?: Record<string, string>
  /** One can connect with it for so long, and stays connected afterwards. */
  lifeSeconds: number
}

export interface Participant {
  identity: string
  /** Of this connection. */
  sid: string
  name: string
  attributes: Record<string, string>
  permissions: Permissions
  joinedAt: Date
  /** False: a recorder, an agent, a telephone line. */
  isPerson: boolean
}

/** A recording that the provider makes. */
export interface RoomRecording {
  /** The provider's own. */
  id: string
  room: string
  state: 'starting' | 'active' | 'ending' | 'complete' | 'failed'
  /** Why it failed, for people. */
  problem?: string
  startedAt?: Date
  endedAt?: Date
  /** Once it is complete. */
  file?: {
    /** Where it is: an address, or a path on the machine that recorded it. */
    location: string
    durationMs: number
    bytes: number
  }
}

interface Happened {
  /** The same when it is told again. */
  id: string
  at: Date
}

/** What a provider tells. It may come late, twice, in another order, or not at all: ask again for what has to be right. */
export type RoomEvent =
  | Happened & { type: 'room-started' | 'room-finished', room: Pick<Room, 'name' | 'sid'> }
  | Happened & { type: 'participant-joined' | 'participant-left', room: Pick<Room, 'name' | 'sid'>, participant: Pick<Participant, 'identity' | 'sid' | 'name' | 'isPerson'> }
  | Happened & { type: 'recording-changed', recording: RoomRecording }

/** What it can do. What needs a media server says so. */
export interface RoomCapabilities {
  /** Sends audio and video from one to the others (an SFU). False: rooms carry data, presence and permissions alone. */
  media: boolean
  /** Records rooms. */
  recording: boolean
}

/**
 * Who runs the rooms. Errors are `HeadwaterError`s: `ROOM_NOT_FOUND`, `PARTICIPANT_NOT_FOUND`, `RECORDING_NOT_FOUND` for
 * what is not there; `RECORDING_NOT_POSSIBLE` where the provider cannot record; `ROOMS_UNAVAILABLE` for all that a later
 * try may mend, and for a provider that refuses our key: never a 4xx of its own.
 */
export interface RoomProvider {
  readonly kind: 'livekit' | 'local'
  readonly capabilities: RoomCapabilities
  /** WebSocket address that people connect to, without a slash at the end; undefined: this server, at `socketPath`. */
  readonly url: string | undefined
  /** Path of the local provider's socket on this server; undefined for LiveKit. */
  readonly socketPath: string | undefined
  /** Where one of that name is open already, what is given is changed and its sid stays. */
  createRoom (room: NewRoom): Promise<Room>
  /** @param id a name, or a sid of now or of earlier */
  findRoom (id: string): Promise<Room | undefined>
  /** Newest first. */
  listRooms (): Promise<Room[]>
  /** Everybody in it is disconnected. One that is gone already is deleted. */
  deleteRoom (name: string): Promise<void>
  /** HS256, in LiveKit's form; no request is made. */
  issueToken (token: RoomToken): Promise<string>
  /** @throws HeadwaterError `ROOM_TOKEN_INVALID` */
  readToken (token: string): Promise<Pick<RoomToken, 'room' | 'identity' | 'name' | 'permissions'>>
  /** Empty where there is no such room. */
  participants (room: string): Promise<Participant[]>
  /** @param attributes these change, or with an empty text go; the others stay @returns false: not connected, so that nothing has changed */
  setPermissions (room: string, identity: string, permissions: Permissions, attributes?: Record<string, string>): Promise<boolean>
  /** Disconnects somebody. A token that is still good lets them in again. @returns false: not connected */
  removeParticipant (room: string, identity: string): Promise<boolean>
  /** Said by somebody, or for them, when they close a page. Where the provider sees who is there nothing changes. */
  left (room: string, identity: string): Promise<void>
  /** To all in the room, or to these. */
  sendData (room: string, data: Uint8Array, options?: { topic?: string, identities?: readonly string[] }): Promise<void>
  /** Returns when the recorder has been asked, not when it records. @param path of the MP4, which we choose */
  startRecording (room: string, path: string): Promise<RoomRecording>
  /** The file comes later. One that has ended already stays as it is. */
  stopRecording (id: string): Promise<RoomRecording>
  findRecording (id: string): Promise<RoomRecording | undefined>
  /** By path, those that were asked for, whether they run or have ended: also where the answer to their start was lost. */
  findRecordingsByPath (asked: ReadonlyArray<{ room: string, path: string }>): Promise<Map<string, RoomRecording>>
  /** Each event is told once on one server of the installation. A listener that fails is logged. @returns an end to it */
  onEvent (listener: (event: RoomEvent) => void | Promise<void>): () => void
  close (): Promise<void>
}

/** The permissions of who may do everything but administrate. */
export const ALL_PERMISSIONS: Permissions = { canPublish: true, sources: [], canSubscribe: true, canPublishData: true }
