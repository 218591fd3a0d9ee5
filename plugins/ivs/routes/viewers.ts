import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Ivs } from '../core.ts'
import { success } from '../envelope.ts'
import { HEARTBEAT_UPDATED, VIEWER_LEFT } from '../messages.ts'
import { watchDuration } from '../watch-duration.ts'
import { echoed, errors, givenArn, heartbeat, heartbeatUpdated, keyHeaders, stageArn, stageParams, succeeded, TAG, timestamp, userId } from './schemas.ts'

export interface ViewersOptions {
  ivs: Ivs
}

const headers = Type.Object(keyHeaders)

const heartbeatSchema = {
  tags: [TAG],
  operationId: 'sendHeartbeat',
  summary: 'A viewer is still there',
  description: 'Every 30 seconds. Who was removed meanwhile, or never got a token, takes a seat again.',
  headers,
  body: heartbeat,
  response: {
    200: succeeded(heartbeatUpdated, 'Noted', HEARTBEAT_UPDATED),
    ...errors([401, 404], { 503: 'STAGE_FULL: there is no seat for somebody who has none; or SERVICE_UNAVAILABLE' })
  }
}

const leaveSchema = {
  tags: [TAG],
  operationId: 'leaveStage',
  summary: 'A viewer has left',
  description: 'Also one who is not there. On the local provider a broadcaster goes off air by it.',
  headers,
  body: Type.Object({ userId, stageArn: givenArn }),
  response: {
    200: succeeded(Type.Object({ userId: echoed, stageArn, viewerLeft: Type.Literal(true) }), 'Noted', VIEWER_LEFT),
    ...errors([401, 404])
  }
}

const listSchema = {
  tags: [TAG],
  operationId: 'listViewers',
  summary: 'Who watches a stage',
  headers,
  params: stageParams,
  response: {
    200: succeeded(Type.Object({
      stageArn,
      totalViewers: Type.Integer({ description: 'Not removed yet.' }),
      activeViewers: Type.Integer({ description: 'Heard of lately.' }),
      viewers: Type.Array(Type.Object({
        userId: Type.String(),
        participantId: Type.String({ description: 'Empty: it came without a token.' }),
        joinedAt: timestamp,
        lastHeartbeat: timestamp
      }), { description: 'The active ones, the oldest first.' })
    }), 'The viewers'),
    ...errors([401, 404])
  }
}

const durationSchema = {
  tags: [TAG],
  operationId: 'getWatchDuration',
  summary: 'How long a viewer has watched a stage',
  description: 'All its stays together, also for some time after it left.',
  headers,
  querystring: Type.Object({ userId, stageArn: givenArn }),
  response: {
    200: succeeded(Type.Object({
      userId: echoed,
      stageArn,
      watchDurationSeconds: Type.Integer(),
      watchDurationFormatted: Type.String({ examples: ['30分 45秒', '1小時 0分 5秒'] })
    }), 'So long'),
    ...errors([401, 404], { 404: 'NOT_FOUND: it was never there' })
  }
}

/** `POST /api/viewer/heartbeat` and `leave`: what viewers say of themselves. */
export const signsOfLife: FastifyPluginAsyncTypebox<ViewersOptions> = async (scope, { ivs: { viewers } }) => {
  scope.post('/heartbeat', { schema: heartbeatSchema }, async ({ body: { userId, stageArn } }) => {
    await viewers.heartbeat(userId, stageArn)
    return success({ userId, stageArn, heartbeatUpdated: true }, HEARTBEAT_UPDATED)
  })

  scope.post('/leave', { schema: leaveSchema }, async ({ body: { userId, stageArn } }) => {
    await viewers.leave(userId, stageArn)
    return success({ userId, stageArn, viewerLeft: true }, VIEWER_LEFT)
  })
}

/** `GET /api/viewer/list/…` and `duration`: who watches, and how long somebody did. */
export const audience: FastifyPluginAsyncTypebox<ViewersOptions> = async (scope, { ivs: { viewers } }) => {
  scope.get('/list/*', { schema: listSchema }, async ({ params: { '*': stageArn } }) => {
    const { total, active } = await viewers.on(stageArn)
    return success({
      stageArn,
      totalViewers: total,
      activeViewers: active.length,
      viewers: active.map(({ userId, participantId, joinedAt, lastHeartbeat }) => ({
        userId,
        participantId,
        joinedAt: joinedAt.toISOString(),
        lastHeartbeat: lastHeartbeat.toISOString()
      }))
    })
  })

  scope.get('/duration', { schema: durationSchema }, async ({ query: { userId, stageArn } }) => {
    const seconds = await viewers.watchedSeconds(userId, stageArn)
    return success({ userId, stageArn, watchDurationSeconds: seconds, watchDurationFormatted: watchDuration(seconds) })
  })
}
