/**
 * The life of a stream.
 *
 *     prepared ──start──▶ live ──lost──▶ reconnecting
 *        │                 │ ◀──resume──      │
 *        │               end                 end (window over)
 *        │                 ▼                  │
 *        └─────end─────▶ ending ◀─────────────┘
 *                          │ all published
 *                          ▼
 *                        ended
 */
export type StreamState = 'prepared' | 'live' | 'reconnecting' | 'ending' | 'ended'

const NEXT: Record<StreamState, readonly StreamState[]> = {
  prepared: ['live', 'ending'],
  live: ['reconnecting', 'ending'],
  reconnecting: ['live', 'ending'],
  ending: ['ended'],
  ended: []
}

export function canBecome (from: StreamState, to: StreamState): boolean {
  return NEXT[from].includes(to)
}

/** Why a stream ended, in the words of `stream-ended`. */
export type EndReason =
  | 'ended by owner'
  | 'stopped'
  | 'broadcaster disconnected'
  | 'ffmpeg error'
  | 'storage limit'
  | 'not started in time'
  | 'internal error'
  | 'server closing'
