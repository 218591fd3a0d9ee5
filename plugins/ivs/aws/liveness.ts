import type { Event, ParticipantSummary } from '@aws-sdk/client-ivs-realtime'

const DECISIVE = ['PUBLISH_STARTED', 'PUBLISH_STOPPED', 'LEFT']

/**
 * Participants who may be publishing now, who joined last first: connected, not a copy of somebody on another stage, and
 * somebody who published in this session. That alone says too much: `published` stays true for ever.
 */
export function candidates (participants: readonly ParticipantSummary[], isWanted: (userId: string | undefined) => boolean): ParticipantSummary[] {
  return participants
    .filter(({ state, published, replicationType, userId }) => state === 'CONNECTED' && published === true && replicationType !== 'REPLICA' && isWanted(userId))
    .sort((one, other) => timeOf(other.firstJoinTime) - timeOf(one.firstJoinTime))
}

/** Whether somebody publishes, by everything that happened to it: AWS lists the newest first, also of what has the same time. */
export function isPublishing (events: readonly Event[]): boolean {
  const [newest] = events
    .filter(({ name }) => name !== undefined && DECISIVE.includes(name))
    .sort((one, other) => timeOf(other.eventTime) - timeOf(one.eventTime))
  return newest?.name === 'PUBLISH_STARTED'
}

function timeOf (date: Date | undefined): number {
  return date?.getTime() ?? 0
}
