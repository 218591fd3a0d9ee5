/**
 * The life of a broadcast, as the page that sends it knows it.
 *
 *     idle ──start──▶ connecting ──started──▶ live ──stop──▶ ending ──▶ ended
 *                       │                     │ ▲               ▲         ▲
 *                       │                  lost started         │         │
 *                       │                     ▼ │               │         │ the server ended it
 *                       │                reconnecting ──stop────┘         │
 *                       │                                                 │
 *                       ├── stop before it began (from idle too) ─────────┘
 *                       └── refused, no connection, taken over (from reconnecting and live too) ──▶ failed
 */
export const BROADCAST_STATES = ['idle', 'connecting', 'live', 'reconnecting', 'ending', 'ended', 'failed'] as const

export type BroadcastState = typeof BROADCAST_STATES[number]

const NEXT: Record<BroadcastState, readonly BroadcastState[]> = {
  idle: ['connecting', 'ended'],
  connecting: ['live', 'ended', 'failed'],
  live: ['reconnecting', 'ending', 'ended', 'failed'],
  reconnecting: ['live', 'ending', 'ended', 'failed'],
  ending: ['ended', 'failed'],
  ended: [],
  failed: []
}

export function canBecome (from: BroadcastState, to: BroadcastState): boolean {
  return NEXT[from].includes(to)
}

/** Nothing follows any more. */
export function isOver (state: BroadcastState): boolean {
  return NEXT[state].length === 0
}
