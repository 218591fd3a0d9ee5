import type { StreamCost } from '../admission/cost.ts'
import type { RecoveredSending } from '../ingest/ingest.ts'
import type { RecoveredEpoch } from '../pipeline.ts'
import type { Journaled } from './records.ts'

/** What the pipeline needs to go on with the epoch of a journal's last point; undefined where nothing of it can go on. */
export function recoveredEpoch (journaled: Journaled | undefined): RecoveredEpoch | undefined {
  const { point } = journaled ?? {}
  if (point?.sending === undefined) return undefined
  const { epoch, publishedUs, soundUs, anchor, transcodeVideo } = point
  return { number: epoch, progress: { publishedUs, soundUs, anchor }, transcodeVideo }
}

/** What the stream took of the processor, once it had begun. */
export function recoveredCost (journaled: Journaled | undefined): StreamCost | undefined {
  const { point } = journaled ?? {}
  return point && (point.cost ?? { kind: 'copy', cores: 0 })
}

/** What the ingest needs to go on reading at a journal's last point. */
export function recoveredSending (journaled: Journaled | undefined): RecoveredSending | undefined {
  const { point, init } = journaled ?? {}
  if (point?.sending === undefined || init === undefined) return undefined
  return { point: point.sending, init, lead: point.lead === undefined ? undefined : Buffer.from(point.lead, 'base64') }
}
