/** What becomes of somebody's presence when something is told of their connections, without a database or a clock. */
import { secondsBetween } from './session.ts'
import type { participants } from './tables.ts'

/** A connection to the room. */
export interface Connection {
  sid: string
  /** Since when, or until when. */
  at: Date
}

/** What is known of somebody's stays. */
export type Stay = Pick<typeof participants.$inferSelect, 'duration' | 'presentSince' | 'leftAt' | 'connection' | 'connectedAt' | 'endedConnection' | 'endedConnectionAt'>

/**
 * They have connected, or still are. What is told may come late, twice, and after the end of what it tells.
 * @param isSure it was asked for just now
 * @returns undefined where it is an old story; nothing to change where it is known
 */
export function afterConnection (stay: Stay, { sid, at }: Connection, isSure: boolean): Partial<Stay> | undefined {
  const { presentSince, leftAt, connection, connectedAt, endedConnection, endedConnectionAt } = stay
  if (connection === sid) return {}
  if (endedConnection === sid) return undefined
  // Another connection, or its end, has followed already.
  if (!isSure && (isEarlier(at, endedConnectionAt) || (connection !== null && isEarlier(at, connectedAt)))) return undefined
  return { connection: sid, connectedAt: at, presentSince: presentSince ?? later(at, leftAt) }
}

/** A connection has ended; by another one they may be there all the same. */
export function afterDisconnection (stay: Stay, { sid, at }: Connection): Partial<Stay> {
  return {
    ...(isEarlier(at, stay.endedConnectionAt) ? {} : { endedConnection: sid, endedConnectionAt: at }),
    ...(stay.connection === sid ? afterStay(stay, at) : {})
  }
}

/** They are gone, whatever connection they have. */
export function afterStay ({ duration, presentSince }: Pick<Stay, 'duration' | 'presentSince'>, at: Date): Partial<Stay> {
  if (presentSince === null) return {}
  return { presentSince: null, connection: null, leftAt: later(at, presentSince), duration: duration + secondsBetween(presentSince, at) }
}

/** By whole seconds: LiveKit tells no less. */
function isEarlier (at: Date, other: Date | null): boolean {
  return other !== null && Math.floor(at.getTime() / 1_000) < Math.floor(other.getTime() / 1_000)
}

function later (one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one
}
