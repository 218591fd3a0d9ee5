import { awsError } from './aws-error.ts'
import { attributes, optionalText, PARTICIPANT_ID, SESSION_ID, STAGE_ARN, text, wholeNumber, type Fields } from './fields.ts'
import type { Operation, Service } from './operations.ts'
import { pageOf } from './paging.ts'
import type { Replication } from './replications.ts'
import { listed } from './stage-operations.ts'
import { notFound, type Participant, type ParticipantEvent } from './stages.ts'

const FILTERS = ['filterByUserId', 'filterByPublished', 'filterByState', 'filterByRecordingState']
/** Of ListParticipantReplicas. */
const REPLICAS_A_PAGE = 50

/** Who is and was in a session, what happened to them, and copies of what they publish. */
export function participantOperations ({ stages, replications }: Service): Record<string, Operation> {
  const sessionOf = (fields: Fields) => {
    const sessionId = text(fields, 'sessionId', SESSION_ID)
    return stages.find(text(fields, 'stageArn', STAGE_ARN))?.sessions.get(sessionId)
  }
  const participantOf = (fields: Fields) => {
    const participantId = text(fields, 'participantId', PARTICIPANT_ID)
    return sessionOf(fields)?.participants.get(participantId) ?? notFound('Participant', participantId)
  }
  const replicationOf = (fields: Fields) => ({
    source: text(fields, 'sourceStageArn', STAGE_ARN),
    destination: text(fields, 'destinationStageArn', STAGE_ARN),
    participantId: text(fields, 'participantId', PARTICIPANT_ID)
  })
  return {
    ListParticipants: fields => {
      const session = listed(fields, sessionOf(fields))
      const { items, nextToken } = pageOf([...session.participants.values()].filter(filterOf(fields)), fields)
      return { participants: items.map(summary), nextToken }
    },
    GetParticipant: fields => {
      const participant = participantOf(fields)
      return { participant: { ...summary(participant), attributes: participant.attributes, protocol: 'UNKNOWN' } }
    },
    ListParticipantEvents: fields => {
      const participant = participantOf(fields)
      const { items, nextToken } = pageOf(participant.events, fields)
      return { events: items.map(event => eventOf(participant, event)), nextToken }
    },
    DisconnectParticipant: fields => {
      const participantId = text(fields, 'participantId', PARTICIPANT_ID)
      const stage = stages.get(text(fields, 'stageArn', STAGE_ARN))
      if (stage.active?.participants.get(participantId)?.isConnected !== true) notFound('Participant', participantId)
      stages.leave(stage, participantId)
    },
    StartParticipantReplication: fields => {
      replications.start({ ...replicationOf(fields), windowMs: 1000 * wholeNumber(fields, 'reconnectWindowSeconds', { min: 0, max: 60, missing: 0 }), attributes: attributes(fields) })
    },
    StopParticipantReplication: fields => {
      const { source, destination, participantId } = replicationOf(fields)
      replications.stop(source, destination, participantId)
    },
    ListParticipantReplicas: fields => {
      const source = text(fields, 'sourceStageArn', STAGE_ARN)
      stages.get(source)
      const { items, nextToken } = pageOf(replications.of(source, text(fields, 'participantId', PARTICIPANT_ID)), fields, REPLICAS_A_PAGE)
      return { replicas: items.map(replicaOf), nextToken }
    }
  }
}

/** At most one filter. @throws AwsError 400 */
function filterOf (fields: Fields): (participant: Participant) => boolean {
  if (FILTERS.filter(name => fields[name] !== undefined).length > 1) throw awsError('ValidationException', `Only one of ${FILTERS.join(', ')} can be given`)
  const userId = optionalText(fields, 'filterByUserId', /^/)
  const state = optionalText(fields, 'filterByState', /^(CONNECTED|DISCONNECTED)$/)
  if (userId !== undefined) return participant => participant.userId === userId
  if (state !== undefined) return participant => participant.isConnected === (state === 'CONNECTED')
  return fields['filterByPublished'] === true ? ({ published }) => published : () => true
}

function summary ({ participantId, userId, isConnected, firstJoinMs, published, copyOf, copied }: Participant): object {
  const isActive = copyOf?.isActive ?? copied?.isActive
  return {
    participantId,
    userId,
    state: isConnected ? 'CONNECTED' : 'DISCONNECTED',
    firstJoinTime: new Date(firstJoinMs).toISOString(),
    published,
    recordingState: 'DISABLED',
    replicationType: copyOf !== undefined ? 'REPLICA' : copied !== undefined ? 'SOURCE' : 'NONE',
    ...(isActive === undefined ? {} : { replicationState: isActive ? 'ACTIVE' : 'STOPPED' }),
    ...(copyOf === undefined ? {} : { sourceStageArn: copyOf.sourceStageArn, sourceSessionId: copyOf.sourceSessionId })
  }
}

function eventOf ({ participantId, copyOf }: Participant, { atMs, ...event }: ParticipantEvent): object {
  return { participantId, ...event, eventTime: new Date(atMs).toISOString(), replica: copyOf !== undefined }
}

function replicaOf ({ isActive, windowMs: _windowMs, silentSinceMs: _silentSinceMs, ...replication }: Replication): object {
  return { ...replication, replicationState: isActive ? 'ACTIVE' : 'STOPPED' }
}
