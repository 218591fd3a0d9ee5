import type { RecordingRow } from './tables.ts'

/** Who makes recordings of one kind of source. */
export interface Recorder {
  /** What has not begun after so long has failed. */
  readonly startSeconds: number
  /** @throws HeadwaterError `RECORDING_NOT_POSSIBLE` */
  check (): void
  /** Asks for a new one. @throws HeadwaterError when it cannot be had */
  start (row: RecordingRow): Promise<void>
  /** It was stopped: what is still to be done for its file. */
  stop (row: RecordingRow): Promise<void>
  /** Looks at one that is under way, at any time and as often as one likes: goes on with it, and takes the steps that are due. */
  attend (row: RecordingRow): Promise<void>
  /** The same for all that are under way, now and then: nothing else is. @param closing none is begun with after it */
  attendAll (rows: readonly RecordingRow[], closing: AbortSignal): Promise<void>
  /** What it says when nothing was recorded in time. */
  lateStart (): string
  close (): Promise<void>
}
