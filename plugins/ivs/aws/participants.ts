import type { Event, ParticipantSummary } from '@aws-sdk/client-ivs-realtime'
import { isMediaServer } from './media-server.ts'

const DECISIVE = ['PUBLISH_STARTED', 'PUBLISH_STOPPED', 'LEFT']

export type IsWanted = (userId: string | undefined) => boolean

/** Of those who have published in a session, who may do so now: connected, and no copy of somebody on another stage. Who joined last is first. */
export function candidates (published: readonly ParticipantSummary[], isWanted: IsWanted): ParticipantSummary[] {
  return published
    .filter(({ state, replicationType, userId }) => state === 'CONNECTED' && replicationType !== 'REPLICA' && isWanted(userId))
    .sort((one, other) => timeOf(other.firstJoinTime) - timeOf(one.firstJoinTime))
}

/** Of those who are connected, people who watch. Whoever came to publish and has not done so yet is one of them: AWS does not list what a token is good for. */
export function viewers (connected: readonly ParticipantSummary[]): ParticipantSummary[] {
  return connected.filter(({ published, replicationType, userId }) => published !== true && replicationType !== 'REPLICA' && !isMediaServer(userId))
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
