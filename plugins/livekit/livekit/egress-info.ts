import { EgressStatus, type EgressInfo } from 'livekit-server-sdk'
import type { RoomRecording } from '../../../src/rooms/provider.ts'

/** Times and durations are in nanoseconds. */
const NANOSECONDS_IN_MS = 1_000_000n

const NO_FILE = { filename: '', location: '', duration: 0n, size: 0n }

const STATES: Record<EgressStatus, RoomRecording['state']> = {
  [EgressStatus.EGRESS_STARTING]: 'starting',
  [EgressStatus.EGRESS_ACTIVE]: 'active',
  [EgressStatus.EGRESS_ENDING]: 'ending',
  [EgressStatus.EGRESS_COMPLETE]: 'complete',
  // What was recorded up to the limit is there.
  [EgressStatus.EGRESS_LIMIT_REACHED]: 'complete',
  [EgressStatus.EGRESS_FAILED]: 'failed',
  [EgressStatus.EGRESS_ABORTED]: 'failed'
}

export function recordingOf (info: EgressInfo): RoomRecording {
  const { egressId: id, roomName: room, status, error, startedAt, endedAt } = info
  const state = STATES[status] ?? 'active'
  const recording: RoomRecording = { id, room, state, ...dateAs('startedAt', startedAt), ...dateAs('endedAt', endedAt) }
  if (state === 'failed') return { ...recording, ...(error === '' ? {} : { problem: error }) }
  if (state !== 'complete') return recording
  const file = fileOf(info)
  return file === undefined ? recording : { ...recording, file }
}

/** Whether a recording was asked for with this path. */
export function isWrittenTo ({ request, fileResults }: EgressInfo, path: string): boolean {
  const asked = request.case === 'roomComposite' ? request.value.fileOutputs : []
  return asked.some(({ filepath }) => filepath === path) || fileResults.some(({ filename }) => filename === path)
}

function fileOf ({ fileResults, result }: EgressInfo): RoomRecording['file'] {
  // Older servers tell of one file in a place of its own.
  const { filename, location, duration, size } = fileResults[0] ?? (result.case === 'file' ? result.value : NO_FILE)
  return filename === '' && location === '' ? undefined : { location: location === '' ? filename : location, durationMs: Number(duration / NANOSECONDS_IN_MS), bytes: Number(size) }
}

/** 0: it has not come to that. */
function dateAs<K extends string> (key: K, nanoseconds: bigint): { [Key in K]?: Date } {
  return nanoseconds === 0n ? {} : { [key]: new Date(Number(nanoseconds / NANOSECONDS_IN_MS)) } as { [Key in K]: Date }
}
