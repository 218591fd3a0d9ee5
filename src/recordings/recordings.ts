/**
 * Recordings of whatever is recorded: live sessions, later meetings. What features that have recordings share;
 * `plugins/recordings` makes it, as the decorator `recordings`.
 */

/** What it is a recording of. */
export interface RecordedThing {
  kind: 'live-session'
  /** Of that kind: a session id. */
  id: string
}

/**
 * `starting`: asked for, nothing recorded yet; `active`; `processing`: stopped, the file is not there yet; `ready`: the
 * file is there; `failed`: there will be none, and `problem` says why.
 */
export type RecordingState = 'starting' | 'active' | 'processing' | 'ready' | 'failed'

export interface Recording {
  /** Of the row. */
  id: number
  /** `rec_` and 16 letters and digits: names the file too. */
  recordingId: string
  of: RecordedThing
  /** Account that it belongs to. */
  ownerId: number
  /** When it was started; what it is of may be called something else by now. */
  title: string
  state: RecordingState
  problem?: string
  startedAt?: Date
  endedAt?: Date
  /** Of the media; 0 until the file is there. */
  durationSeconds: number
  /** 0 until the file is there. */
  bytes: number
  createdAt: Date
}

/** Where the media of a recording comes from. */
export type RecordingSource =
  /** A room at a provider that records. */
  | { kind: 'room', name: string }
  /** What is published on this key, through the live core. */
  | { kind: 'stream', streamKey: string }

export interface NewRecording {
  of: RecordedThing
  ownerId: number
  title: string
  source: RecordingSource
}

export interface RecordingQuery {
  of?: Partial<RecordedThing>
  ownerId?: number
  /** Only these states. Default: `ready`. */
  states?: readonly RecordingState[]
  /** Only recordings of these things; SQL is made of it, so it may be long. */
  ofIds?: readonly string[]
  page: number
  pageSize: number
}

/** Who may have a file. */
export interface Watcher {
  /** Undefined: nobody is logged in. */
  accountId: number | undefined
  isAdmin: boolean
}

/**
 * Errors are `HeadwaterError`s: `RECORDING_NOT_FOUND`, `INVALID_STATE` (already recording, not recording),
 * `RECORDING_NOT_POSSIBLE` (nothing here can record that source).
 */
export interface Recordings {
  /** One at a time for a thing. Returns when it has been asked for. */
  start (recording: NewRecording): Promise<Recording>
  /** The one that runs. The file comes later. */
  stop (of: RecordedThing): Promise<Recording>
  /** The one that runs. */
  running (of: RecordedThing): Promise<Recording | undefined>
  find (recordingId: string): Promise<Recording | undefined>
  /** Newest first. */
  list (query: RecordingQuery): Promise<{ recordings: Recording[], total: number }>
  /** The newest of a thing that is there or will be. */
  latest (of: RecordedThing): Promise<Recording | undefined>
  /** Address of the file, there already or not: `<RECORDINGS_BASE_URL>/<recordingId>.mp4`. */
  urlOf (recording: Pick<Recording, 'recordingId'>): string
  /** A feature says who may see recordings of its kind. The owner and administrators may in any case. */
  addVisibility (kind: RecordedThing['kind'], maySee: (thing: RecordedThing, watcher: Watcher) => Promise<boolean>): void
  /** Told on the server on which it happened. @returns an end to it */
  onChange (listener: (recording: Recording) => void): () => void
}
