import type { RecordingState } from '../../src/recordings/recordings.ts'

/**
 * The life of a recording.
 *
 *     starting ──something is recorded──▶ active ──stopped──▶ processing ──the file is there──▶ ready
 *        │  └───────────stopped──────────────┼───────────────────▲  │
 *        └── nothing came, or in time ───────┴── broken off ────────┴──▶ failed
 *
 * Each step is taken once, whoever takes it: what is told late, twice or by two servers changes nothing.
 */
const BEFORE: Record<Exclude<RecordingState, 'starting'>, readonly RecordingState[]> = {
  active: ['starting'],
  processing: ['starting', 'active'],
  ready: ['processing'],
  failed: ['starting', 'active', 'processing']
}

export type NextState = keyof typeof BEFORE

/** States in which it records, or is about to: a thing has one such recording at a time. */
export const RUNNING = ['starting', 'active'] as const satisfies RecordingState[]

/** States in which something is still to come. */
export const UNDER_WAY = [...RUNNING, 'processing'] as const satisfies RecordingState[]

/** States that a recording can come from. */
export function statesBefore (state: NextState): readonly RecordingState[] {
  return BEFORE[state]
}

/** What has taken too long by now. */
export type Overdue = 'start' | 'end' | 'finish'

export interface Deadlines {
  startSeconds: number
  maxSeconds: number
  finishSeconds: number
}

interface Timed {
  state: RecordingState
  createdAt: Date
  startedAt: Date | null
  endedAt: Date | null
}

/** Whether a recording should have begun, ended or been finished by now; undefined: it is in time. */
export function overdue ({ state, createdAt, startedAt, endedAt }: Timed, { startSeconds, maxSeconds, finishSeconds }: Deadlines, nowMs: number): Overdue | undefined {
  const isOver = (since: Date | null, seconds: number) => nowMs - (since ?? createdAt).getTime() > seconds * 1_000
  switch (state) {
    case 'starting': return isOver(createdAt, startSeconds) ? 'start' : undefined
    case 'active': return isOver(startedAt, maxSeconds) ? 'end' : undefined
    case 'processing': return isOver(endedAt, finishSeconds) ? 'finish' : undefined
    default: return undefined
  }
}
