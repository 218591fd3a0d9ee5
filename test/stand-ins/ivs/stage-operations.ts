import { awsError } from './aws-error.ts'
import { attributes, capabilities, optionalText, SESSION_ID, STAGE_ARN, tags, text, wholeNumber, type Fields } from './fields.ts'
import type { Operation, Service } from './operations.ts'
import { pageOf } from './paging.ts'
import { notFound, type Session, type Stage } from './stages.ts'

const NAME = /^[a-zA-Z0-9-_]{0,128}$/
const USER_ID = /^.{0,128}$/s

/** Stages, their sessions and tokens for them. */
export function stageOperations ({ stages, tokens, now, whipOf }: Service): Record<string, Operation> {
  const tokenOf = (stageArn: string, fields: Fields) => {
    const minutes = wholeNumber(fields, 'duration', { min: 1, max: 20_160, missing: 720 })
    const allowed = capabilities(fields)
    const { token, participantId, userId, attributes: given, expiresMs } = tokens.issue({
      stageArn,
      userId: optionalText(fields, 'userId', USER_ID) ?? '',
      attributes: attributes(fields),
      mayPublish: allowed.includes('PUBLISH'),
      maySubscribe: allowed.includes('SUBSCRIBE'),
      expiresMs: now() + minutes * 60_000
    })
    return { participantId, token, userId, attributes: given, duration: minutes, capabilities: allowed, expirationTime: new Date(expiresMs).toISOString() }
  }
  return {
    CreateStage: fields => {
      const stage = stages.create(optionalText(fields, 'name', NAME) ?? '', tags(fields), whipOf)
      const wanted = fields['participantTokenConfigurations'] ?? []
      return { stage: whole(stage), participantTokens: (wanted as Fields[]).map(one => tokenOf(stage.arn, one)) }
    },
    GetStage: fields => ({ stage: whole(stages.get(text(fields, 'arn', STAGE_ARN))) }),
    ListStages: fields => {
      const { items, nextToken } = pageOf(stages.all(), fields)
      return { stages: items.map(summary), nextToken }
    },
    UpdateStage: fields => {
      const stage = stages.get(text(fields, 'arn', STAGE_ARN))
      stage.name = optionalText(fields, 'name', NAME) ?? stage.name
      return { stage: whole(stage) }
    },
    DeleteStage: fields => { stages.delete(text(fields, 'arn', STAGE_ARN)) },
    CreateParticipantToken: fields => ({ participantToken: tokenOf(stages.get(text(fields, 'stageArn', STAGE_ARN)).arn, fields) }),
    ListStageSessions: fields => {
      const { items, nextToken } = pageOf([...listed(fields, stages.find(text(fields, 'stageArn', STAGE_ARN))).sessions.values()].reverse(), fields)
      return { stageSessions: items.map(sessionOf), nextToken }
    },
    GetStageSession: fields => {
      const sessionId = text(fields, 'sessionId', SESSION_ID)
      const session = stages.get(text(fields, 'stageArn', STAGE_ARN)).sessions.get(sessionId) ?? notFound('StageSession', sessionId)
      return { stageSession: sessionOf(session) }
    }
  }
}

/** Lists know no 404: a stage that is not there is an argument that is not valid. @throws AwsError 400 */
export function listed<T> (fields: Fields, found: T | undefined): T {
  if (found === undefined) throw awsError('ValidationException', `There is no such stage or session: ${String(fields['stageArn'])}`)
  return found
}

function summary ({ arn, name, active, tags }: Stage): object {
  return { arn, name, activeSessionId: active?.sessionId, tags }
}

function whole (stage: Stage): object {
  return { ...summary(stage), endpoints: stage.endpoints }
}

function sessionOf ({ sessionId, startMs, endMs }: Session): object {
  return { sessionId, startTime: new Date(startMs).toISOString(), ...(endMs === undefined ? {} : { endTime: new Date(endMs).toISOString() }) }
}
