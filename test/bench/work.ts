import type { Tool } from '../../scripts/provide/plan.ts'
import type { Recording, RecordingKind } from './load/recording.ts'

/** A line of the table. */
export interface Line {
  id: string
  name: string
  /** For people; undefined: a line that is there for comparison. */
  goal?: string
  meets?: (value: number) => boolean
  format: (value: number) => string
}

export interface Context {
  /** An empty folder of its own. */
  folder: string
  /** Rounds are so short that they say little: to see that all of it works. */
  short: boolean
  /** Paths of the programs that the benchmark made sure of. */
  tools: ReadonlyMap<Tool, string>
  recording: (kind: RecordingKind) => Promise<Recording>
  note: (text: string) => void
}

/** Something that is measured again and again, with what it is compared with. */
export interface Work {
  id: string
  lines: readonly Line[]
  open: (context: Context) => Promise<OpenWork>
}

export interface OpenWork {
  /** One round. @returns a value for each line, by its id */
  measure: () => Promise<Record<string, number>>
  /** Leaves nothing. */
  close: () => Promise<void>
}

/** Seconds of a recording: longer than any round. */
export const RECORDING_SECONDS = 90
/** What a chunk covers where nothing else is said. */
export const CHUNK_MS = 250

export function atMost (limit: number): (value: number) => boolean {
  return value => value <= limit
}

export const percentOfCore = (value: number) => `${(value * 100).toFixed(3)} %`
export const times = (value: number) => `${value.toFixed(2)} x`
export const microseconds = (value: number) => `${value.toFixed(1)} us`
export const megabytes = (value: number) => `${(value / 1e6).toFixed(2)} MB`
export const milliseconds = (value: number) => `${value.toFixed(0)} ms`
