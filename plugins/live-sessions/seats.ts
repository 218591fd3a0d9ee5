import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Presence } from '../../src/platform/state/state.ts'
import type { SessionRow } from './session.ts'

/** People other than the host, who take room, and the host, who does not. */
const KINDS = ['live-session:', 'live-session-host:'] as const

type Seated = Pick<SessionRow, 'sessionId' | 'ownerId'>

/** Who has a place in a session, over all servers: from the moment on in which the token is given, until they are gone. */
export class Seats {
  readonly #presence: Presence
  readonly #timeoutMs: number

  constructor (presence: Presence, { presenceTimeoutSeconds }: { presenceTimeoutSeconds: number }) {
    this.#presence = presence
    this.#timeoutMs = presenceTimeoutSeconds * 1_000
  }

  /**
   * A place, for who does not connect until the time-out; who has one keeps it.
   * @returns whether it is a new one
   * @throws HeadwaterError `SESSION_FULL`
   */
  async take (session: Seated & Pick<SessionRow, 'maxParticipants'>, userId: number): Promise<boolean> {
    const place = placeOf(session, userId)
    if (userId === session.ownerId) return await this.#presence.join(place, String(userId), { timeoutMs: this.#timeoutMs })
    const seat = await this.#presence.takeSeat(place, String(userId), [{ place, seats: session.maxParticipants }], { timeoutMs: this.#timeoutMs })
    if (seat === undefined) throw new HeadwaterError('SESSION_FULL')
    return seat.isNew
  }

  /** Somebody is there: their place is theirs, whatever was known of it. */
  async keep (session: Seated, userId: number): Promise<void> {
    const place = placeOf(session, userId)
    if (await this.#presence.touch(place, String(userId))) return
    await this.take({ ...session, maxParticipants: Number.MAX_SAFE_INTEGER }, userId)
  }

  /** Seen again. @returns false for who has no place any more */
  async touch (session: Seated, userId: number): Promise<boolean> {
    return await this.#presence.touch(placeOf(session, userId), String(userId))
  }

  /** Whether somebody has one, late or not. */
  async has (session: Seated, userId: number): Promise<boolean> {
    const place = placeOf(session, userId)
    if (userId === session.ownerId) return (await this.#presence.members(place)).length > 0
    return await this.#presence.seatOf(place, String(userId)) === place
  }

  async giveBack (session: Seated, userId: number): Promise<void> {
    await this.#presence.leave(placeOf(session, userId), String(userId))
  }

  /** Who has one, whether they are late or not. */
  async holders ({ sessionId }: Pick<SessionRow, 'sessionId'>): Promise<Set<number>> {
    const members = await Promise.all(KINDS.map(async kind => await this.#presence.members(`${kind}${sessionId}`)))
    return new Set(members.flat().map(({ member }) => Number(member)))
  }

  async clear ({ sessionId }: Pick<SessionRow, 'sessionId'>): Promise<void> {
    for (const kind of KINDS) await this.#presence.clear(`${kind}${sessionId}`)
  }

  /** Told once for each who was not seen for too long, on one server; one that fails is logged. @returns an end to it */
  onTimeout (listener: (sessionId: string, userId: number, lastSeenAt: Date) => Promise<void>): () => void {
    return this.#presence.onTimeout(async (place, { member, lastSeenAt }) => {
      const kind = KINDS.find(one => place.startsWith(one))
      if (kind !== undefined) await listener(place.slice(kind.length), Number(member), new Date(lastSeenAt))
    })
  }
}

function placeOf ({ sessionId, ownerId }: Seated, userId: number): string {
  return `${KINDS[userId === ownerId ? 1 : 0]}${sessionId}`
}
