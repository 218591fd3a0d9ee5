import type { Connection, FeedState } from './operations-feed.ts'
import { clockText } from './words.ts'

/** What the page says of itself; what it shows is another matter. */
export interface Situation {
  /** The key is asked for. */
  asks: boolean
  /** Why it is asked for again. */
  keyProblem?: string
  /** There is nothing to show yet. */
  waiting?: string
  notice?: { title: string, text: string }
  /** What is shown was so once. */
  old: boolean
}

/** Pure: no element, no network. @param now for whether a time is of today */
export function situationOf ({ connection, last }: FeedState, now: Date): Situation {
  return { ...OF[connection], ...(connection === 'lost' ? lost(last?.timestamp, now) : {}) }
}

const OF: Record<Connection, Situation> = {
  off: { asks: true, old: false },
  refused: { asks: true, keyProblem: 'The server does not take this key. Look at API_SECRET_KEY of the server.', old: false },
  connecting: { asks: false, waiting: 'Connecting …', old: false },
  live: { asks: false, old: false },
  lost: { asks: false, old: true }
}

function lost (asOf: string | undefined, now: Date): Partial<Situation> {
  const title = 'The server cannot be reached'
  if (asOf === undefined) return { notice: { title, text: 'It is tried again by itself.' } }
  return { notice: { title, text: `What you see was so at ${clockText(asOf, now)}. It is tried again by itself.` } }
}
