import { EgressInfo, EgressStatus, type WebhookEventNames } from 'livekit-server-sdk'
import { newMember, type Member } from './member.ts'
import type { MovableClock } from './movable-clock.ts'
import { writeFileOf, type FileOutput, type WrittenFile } from './recording-file.ts'
import type { OpenRoom, Rooms } from './rooms.ts'
import { newSid } from './sids.ts'
import { refuse } from './twirp-error.ts'

/**
 * What becomes of a recording. `no-start-signal`: nothing is published, it is aborted after a while; `never-starts`: it
 * stays as it is; `upload-fails`: it ends, and there is no file; `limit`: it ends by itself when it has begun, with a file.
 */
export type Fate = 'as it should be' | 'no-start-signal' | 'never-starts' | 'upload-fails' | 'limit'

interface Recording {
  id: string
  room: OpenRoom
  output: FileOutput
  fate: Fate
  status: EgressStatus
  requestedMs: number
  startedMs: number | undefined
  endedMs: number | undefined
  updatedMs: number
  error: string
  /** It is in the room as somebody whom the others do not see. */
  recorder: Member | undefined
  file: WrittenFile | undefined
  stopWaiting: () => void
}

const { EGRESS_STARTING: STARTING, EGRESS_ACTIVE: ACTIVE, EGRESS_ENDING: ENDING, EGRESS_COMPLETE: COMPLETE, EGRESS_FAILED: FAILED, EGRESS_ABORTED: ABORTED, EGRESS_LIMIT_REACHED: LIMIT_REACHED } = EgressStatus
const MAX_SECONDS = 30

/** Recordings, each in one state: starting, active, ending, and one of complete, failed, aborted, limit reached. */
export class Egress {
  /** Without Redis LiveKit has nobody who records. */
  hasRedis = true
  /** From the request until it records; on the clock. */
  startMs = 20
  /** LiveKit's own patience with a page that does not begin. */
  startSignalMs = 60_000
  readonly #rooms: Rooms
  readonly #clock: MovableClock
  readonly #tell: (event: WebhookEventNames, info: EgressInfo) => void
  readonly #recordings = new Map<string, Recording>()
  readonly #fates: Fate[] = []
  readonly #writing = new Set<Promise<void>>()

  constructor (rooms: Rooms, clock: MovableClock, tell: (event: WebhookEventNames, info: EgressInfo) => void) {
    this.#rooms = rooms
    this.#clock = clock
    this.#tell = tell
  }

  /** What becomes of the next ones. */
  plan (...fates: Fate[]): void {
    this.#fates.push(...fates)
  }

  start (room: OpenRoom, output: FileOutput): EgressInfo {
    const recording: Recording = { id: newSid('EG'), room, output, fate: this.#fates.shift() ?? 'as it should be', status: STARTING, requestedMs: this.#clock.now(), startedMs: undefined, endedMs: undefined, updatedMs: this.#clock.now(), error: '', recorder: undefined, file: undefined, stopWaiting: () => {} }
    this.#recordings.set(recording.id, recording)
    if (recording.fate === 'no-start-signal') recording.stopWaiting = this.#clock.after(this.startSignalMs, () => this.#end(recording, ABORTED, 'Start signal not received'))
    else if (recording.fate !== 'never-starts') recording.stopWaiting = this.#clock.after(this.startMs, () => this.#begin(recording))
    this.#tell('egress_started', infoOf(recording))
    return infoOf(recording)
  }

  /** @throws TwirpError */
  stop (id: string): EgressInfo {
    const recording = this.#recordings.get(id) ?? refuse('not_found', 'egress does not exist')
    if (recording.status === STARTING) this.#end(recording, ABORTED, 'Stop called before pipeline could start')
    else if (recording.status === ACTIVE) this.#finish(recording)
    else refuse('failed_precondition', `egress with status ${EgressStatus[recording.status]} cannot be stopped`)
    return infoOf(recording)
  }

  list ({ roomName, id, isActive }: { roomName: string, id: string, isActive: boolean }): EgressInfo[] {
    return [...this.#recordings.values()]
      .filter(recording => (roomName === '' || recording.room.name === roomName) && (id === '' || recording.id === id) && (!isActive || recording.status < COMPLETE))
      .map(infoOf)
  }

  /** The room is gone: whatever recorded it ends. */
  roomClosed (room: OpenRoom): void {
    for (const recording of this.#recordings.values()) {
      if (recording.room !== room) continue
      if (recording.status === STARTING && recording.fate !== 'never-starts') this.#end(recording, ABORTED, 'Source closed')
      else if (recording.status === ACTIVE) this.#finish(recording)
    }
  }

  /** When no file is being written. */
  async settled (): Promise<void> {
    await Promise.all(this.#writing)
  }

  #begin (recording: Recording): void {
    recording.status = ACTIVE
    recording.startedMs = this.#clock.now()
    recording.room.isRecorded = true
    recording.recorder = newMember({ sub: recording.id, video: { hidden: true, recorder: true, canPublish: false } }, 'egress', this.#clock.now(), { left: () => {}, changed: () => {}, data: () => {} })
    this.#rooms.enter(recording.room, recording.recorder)
    this.#changed(recording, 'egress_updated')
    if (recording.fate === 'limit') this.#finish(recording)
  }

  #finish (recording: Recording): void {
    recording.status = ENDING
    recording.endedMs = this.#clock.now()
    recording.room.isRecorded = false
    this.#rooms.leave(recording.room, recording.recorder!, 'CLIENT_INITIATED')
    this.#changed(recording, 'egress_updated')
    const writing = this.#write(recording).finally(() => { this.#writing.delete(writing) })
    this.#writing.add(writing)
  }

  async #write (recording: Recording): Promise<void> {
    const seconds = Math.min(MAX_SECONDS, Math.max(1, Math.round((recording.endedMs! - recording.startedMs!) / 1000)))
    try {
      if (recording.fate === 'upload-fails') throw new Error('Failed to upload: access denied')
      recording.file = await writeFileOf(seconds, recording.output)
      this.#end(recording, recording.fate === 'limit' ? LIMIT_REACHED : COMPLETE, recording.fate === 'limit' ? 'Session limit reached' : '')
    } catch (error) {
      this.#end(recording, FAILED, (error as Error).message)
    }
  }

  #end (recording: Recording, status: EgressStatus, error: string): void {
    recording.stopWaiting()
    recording.status = status
    recording.error = error
    recording.endedMs ??= this.#clock.now()
    this.#changed(recording, 'egress_ended')
  }

  #changed (recording: Recording, event: WebhookEventNames): void {
    recording.updatedMs = this.#clock.now()
    this.#tell(event, infoOf(recording))
  }
}

const nanoseconds = (ms: number | undefined): bigint => BigInt(Math.round(ms ?? 0)) * 1_000_000n

/** As it is told: times are nanoseconds. */
function infoOf ({ id, room, status, startedMs, endedMs, updatedMs, error, file, output }: Recording): EgressInfo {
  return new EgressInfo({
    egressId: id,
    roomId: room.sid,
    roomName: room.name,
    status,
    startedAt: nanoseconds(startedMs),
    endedAt: nanoseconds(endedMs),
    updatedAt: nanoseconds(updatedMs),
    error,
    request: { case: 'roomComposite', value: { roomName: room.name } },
    fileResults: [{
      filename: output.filepath,
      startedAt: nanoseconds(startedMs),
      endedAt: nanoseconds(endedMs),
      ...(file === undefined ? {} : { location: file.location, size: BigInt(file.bytes), duration: nanoseconds(file.durationMs) })
    }]
  })
}
