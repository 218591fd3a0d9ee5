import type { History, Seen } from '../memory/register.ts'
import type { Member } from '../state.ts'

/** A member as lua/register.ts keeps it. */
export function seenOf (record: string): Seen {
  const parts = record.split(' ')
  const [joinedAt, lastSeenAt, timeoutMs, firstJoinedAt, beforeMs] = parts.slice(0, 5).map(Number) as [number, number, number, number, number]
  const pool = parts[5]!
  return {
    joinedAt,
    lastSeenAt,
    timeoutMs,
    data: JSON.parse(parts.slice(6).join(' ')),
    ...pool !== '' && { pool: decodeURIComponent(pool.slice(1)) },
    ...firstJoinedAt > 0 && { before: { firstJoinedAt, totalMs: beforeMs } }
  }
}

export function memberOf (member: string, record: string): Member {
  const { joinedAt, lastSeenAt, data } = seenOf(record)
  return { member, joinedAt, lastSeenAt, data }
}

/** A pool as it is kept: without blanks, and never empty. */
export function poolText (pool: string): string {
  return `=${encodeURIComponent(pool)}`
}

export function historyOf ([peak, joins, accumulatedMs]: unknown[]): History {
  return { peak: Number(peak), joins: Number(joins), accumulatedMs: Number(accumulatedMs) }
}
