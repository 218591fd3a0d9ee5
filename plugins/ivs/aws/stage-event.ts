import type { PublisherHint } from '../publisher-watch.ts'

const WHAT: Record<string, PublisherHint['what']> = {
  'Participant Published': 'published',
  'Participant Unpublished': 'unpublished'
}

const MAX_TEXT = 2_048

/**
 * What an event of EventBridge (detail type "IVS Stage Update") says about who publishes. Such events may come hours late,
 * in any order, more than once, or not at all (reference: "Using Amazon EventBridge with IVS Real-Time Streaming").
 * @returns undefined for anything else
 */
export function parseStageEvent (body: unknown): PublisherHint | undefined {
  const { id, source, time, resources, detail, 'detail-type': type } = fieldsOf(body)
  if (source !== 'aws.ivs' || type !== 'IVS Stage Update' || !isText(id) || !Array.isArray(resources)) return undefined
  const [stageArn] = resources as unknown[]
  const { event_name: name, event_time: happened = time, participant_id: participantId, session_id: sessionId } = fieldsOf(detail)
  const at = new Date(isText(happened) ? happened : NaN)
  if (!isText(stageArn) || !isText(name) || Number.isNaN(at.getTime())) return undefined
  return {
    id,
    at,
    stageArn,
    what: WHAT[name] ?? 'other',
    ...(isText(participantId) ? { participantId } : {}),
    ...(isText(sessionId) ? { sessionId } : {})
  }
}

function fieldsOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}

function isText (value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT
}
