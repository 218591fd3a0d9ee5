/**
 * The life of a stream.
 *
 *     prepared ──start──▶ live ──lost──▶ reconnecting ◀── found by a server that starts anew
 *        │                 │ ◀──resume──      │
 *        │               end                 end (window over)
 *        │                 ▼                  │
 *        └─────end─────▶ ending ◀─────────────┘
 *                          │ all published
 *                          ▼
 *                        ended
 *
 * A server that closes can leave live and reconnecting streams to the next one: they are `left`, which is the
 * last that this server knows of them.
 */
export const STREAM_STATES = ['prepared', 'live', 'reconnecting', 'ending', 'ended', 'left'] as const

export type StreamState = typeof STREAM_STATES[number]

const NEXT: Record<StreamState, readonly StreamState[]> = {
  prepared: ['live', 'ending'],
  live: ['reconnecting', 'ending', 'left'],
  reconnecting: ['live', 'ending', 'left'],
  ending: ['ended'],
  ended: [],
  left: []
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
  | 'disk full'
  | 'server busy'
  | 'not started in time'
  | 'internal error'
  | 'server closing'
