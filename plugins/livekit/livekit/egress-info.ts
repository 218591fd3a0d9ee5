import { EgressStatus, type EgressInfo } from 'livekit-server-sdk'
import type { RoomRecording } from '../../../src/rooms/provider.ts'

/** Times and durations are in nanoseconds. */
const NANOSECONDS_IN_MS = 1_000_000n

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
  if (state === 'failed') return { ...recording, problem: error === '' ? 'LiveKit does not say why' : error }
  if (state !== 'complete') return recording
  const file = fileOf(info)
  return file === undefined ? { ...recording, state: 'failed', problem: 'LiveKit tells of no file' } : { ...recording, file }
}

/** The path that a recording was asked for with. */
export function askedPathOf ({ request }: EgressInfo): string | undefined {
  if (request.case !== 'roomComposite') return undefined
  const { output, fileOutputs } = request.value
  return fileOutputs[0]?.filepath ?? (output.case === 'file' ? output.value.filepath : undefined)
}

function fileOf ({ fileResults, result }: EgressInfo): RoomRecording['file'] {
  // Older servers tell of one file in a place of its own.
  const file = fileResults[0] ?? (result.case === 'file' ? result.value : undefined)
  if (file === undefined) return undefined
  const { filename, location, duration, size } = file
  return { location: location === '' ? filename : location, durationMs: Number(duration / NANOSECONDS_IN_MS), bytes: Number(size) }
}

/** 0: it has not come to that. */
function dateAs<K extends string> (key: K, nanoseconds: bigint): { [Key in K]?: Date } {
  return nanoseconds === 0n ? {} : { [key]: new Date(Number(nanoseconds / NANOSECONDS_IN_MS)) } as { [Key in K]: Date }
}
