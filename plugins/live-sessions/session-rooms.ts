import type { LiveSessionsConfig } from '../../src/config/live-sessions.ts'
import type { Participant, RoomProvider } from '../../src/rooms/provider.ts'
import { isSessionRoom } from '../../src/rooms/room-names.ts'
import { isRoomAdmin, permissionsOf, type Role } from './roles.ts'
import type { SessionRow } from './session.ts'

/** What a client hears of its session over the room, as JSON, from the server. */
export const SESSION_TOPIC = 'session'

export interface Member {
  userId: number
  displayName: string
  role: Role
}

/** Rooms of sessions at the provider: a room has the id of its session as its name, people have that of their account as identity. */
export class SessionRooms {
  readonly #provider: RoomProvider
  readonly #config: Pick<LiveSessionsConfig, 'hostTokenSeconds' | 'accessTokenSeconds'>

  constructor (provider: RoomProvider, config: Pick<LiveSessionsConfig, 'hostTokenSeconds' | 'accessTokenSeconds'>) {
    this.#provider = provider
    this.#config = config
  }

  /** Whether media goes through it; otherwise the host publishes through the live core. */
  get hasMedia (): boolean {
    return this.#provider.capabilities.media
  }

  /** Rooms close by themselves when nobody is there: this is done whenever somebody may come. */
  async open ({ sessionId, title, maxParticipants }: Pick<SessionRow, 'sessionId' | 'title' | 'maxParticipants'>): Promise<void> {
    // One more, for the host.
    await this.#provider.createRoom({ name: sessionId, metadata: JSON.stringify({ session_id: sessionId, title }), maxParticipants: maxParticipants + 1 })
  }

  async token ({ sessionId }: Pick<SessionRow, 'sessionId'>, { userId, displayName, role }: Member): Promise<string> {
    return await this.#provider.issueToken({
      room: sessionId,
      identity: String(userId),
      name: displayName,
      permissions: permissionsOf(role),
      isAdmin: isRoomAdmin(role),
      attributes: { role },
      lifeSeconds: role === 'host' ? this.#config.hostTokenSeconds : this.#config.accessTokenSeconds
    })
  }

  /** Whether a token that somebody has may have been made before. */
  mayHaveOldToken (since: Date, now: Date): boolean {
    return now.getTime() - since.getTime() < this.#config.accessTokenSeconds * 1_000
  }

  /** Who is connected has the rights of this role from now on. */
  async give ({ sessionId }: Pick<SessionRow, 'sessionId'>, userId: number, role: Role): Promise<void> {
    await this.#provider.setPermissions(sessionId, String(userId), permissionsOf(role), { role })
  }

  async remove ({ sessionId }: Pick<SessionRow, 'sessionId'>, userId: number): Promise<void> {
    await this.#provider.removeParticipant(sessionId, String(userId))
  }

  async left ({ sessionId }: Pick<SessionRow, 'sessionId'>, userId: number): Promise<void> {
    await this.#provider.left(sessionId, String(userId))
  }

  /** The people among those who are connected, by account. */
  async people ({ sessionId }: Pick<SessionRow, 'sessionId'>): Promise<Map<number, Participant>> {
    const people = new Map<number, Participant>()
    for (const participant of await this.#provider.participants(sessionId)) {
      const userId = userIdOf(participant.identity)
      if (participant.isPerson && userId !== undefined) people.set(userId, participant)
    }
    return people
  }

  /** Ids of sessions that may have a room now: others may give theirs such names, too. */
  async openIds (): Promise<string[]> {
    return (await this.#provider.listRooms()).map(({ name }) => name).filter(isSessionRoom)
  }

  async isThere ({ sessionId }: Pick<SessionRow, 'sessionId'>): Promise<boolean> {
    return await this.#provider.findRoom(sessionId) !== undefined
  }

  async tell ({ sessionId }: Pick<SessionRow, 'sessionId'>, message: object): Promise<void> {
    await this.#provider.sendData(sessionId, Buffer.from(JSON.stringify(message)), { topic: SESSION_TOPIC })
  }

  async close ({ sessionId }: Pick<SessionRow, 'sessionId'>): Promise<void> {
    await this.#provider.deleteRoom(sessionId)
  }
}

/** Undefined for an identity that we gave nobody. */
export function userIdOf (identity: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(identity) ? Number(identity) : undefined
}
