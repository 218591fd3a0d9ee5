import { jwtVerify, SignJWT } from 'jose'

const ALGORITHM = 'HS256'
const AUDIENCE = 'live-playback'

/** Name of the query that a ticket stands in, in the address of a playlist and of its segments. */
export const TICKET_QUERY = 'viewer'

/** Who watches what; whether they still may is asked each time. */
export interface Ticket {
  sessionId: string
  userId: number
}

/** Players send no headers: who watches a session without a media server has a ticket in the address. */
export class PlaybackTickets {
  readonly #secret: Uint8Array
  readonly #seconds: number

  /** @param secret of nothing else @param seconds how long one is good */
  constructor (secret: string, seconds: number) {
    this.#secret = new TextEncoder().encode(secret)
    this.#seconds = seconds
  }

  async issue ({ sessionId, userId }: Ticket): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    return await new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setAudience(AUDIENCE)
      .setSubject(String(userId))
      .setIssuedAt(now)
      .setExpirationTime(now + this.#seconds)
      .sign(this.#secret)
  }

  /** @returns undefined for one that is not valid */
  async check (ticket: string): Promise<Ticket | undefined> {
    try {
      const { payload: { sub, sid } } = await jwtVerify(ticket, this.#secret, { algorithms: [ALGORITHM], audience: AUDIENCE, requiredClaims: ['exp', 'sub'] })
      return typeof sid === 'string' && Number.isSafeInteger(Number(sub)) ? { sessionId: sid, userId: Number(sub) } : undefined
    } catch {
      // Forged, over, or nothing of ours: all the same to who asks.
      return undefined
    }
  }
}
