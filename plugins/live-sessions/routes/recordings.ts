import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../../src/http/coded-schemas.ts'
import { perMinute } from '../../../src/http/endpoint-limit.ts'
import { wholeSeconds } from '../../../src/http/whole-seconds.ts'
import { onlookerOf } from '../access.ts'
import type { RouteOptions } from '../core.ts'
import { mustBeLive } from '../session-state.ts'
import { accountHeaders, answer, errors, message, pageOf, sessionParams, TAG, timestamp } from './schemas.ts'

const common = { tags: [TAG], headers: accountHeaders }
const url = Type.String({ description: 'Address of the file.' })

const startSchema = {
  ...common,
  operationId: 'startLiveSessionRecording',
  summary: 'Records a session that is live, for its owner',
  params: sessionParams,
  response: {
    200: answer({ message: message('That it was asked for.'), recording_id: Type.String() }, 'Asked for'),
    ...errors([401, 403, 404, 409, 413, 414, 415], { 409: 'The session is not live, or is recorded already: INVALID_STATE; nothing here can record it: RECORDING_NOT_POSSIBLE' })
  }
}

const stopSchema = {
  ...common,
  operationId: 'stopLiveSessionRecording',
  summary: 'Ends the recording of a session, for its owner',
  params: sessionParams,
  response: {
    200: answer({ message: message('That it was stopped.'), recording_id: Type.String(), recording_url: { ...url, description: 'Where the file will be.' } }, 'Stopped; the file comes later'),
    ...errors([401, 403, 404, 409, 413, 414, 415], { 409: 'It is not recorded: INVALID_STATE' })
  }
}

const listSchema = {
  tags: [TAG],
  operationId: 'listLiveSessionRecordings',
  summary: 'Recordings whose files are there, the newest first: of public sessions, and of who is logged in those of their own and those that they joined',
  querystring: Type.Object({
    session_id: Type.Optional(Type.String({ pattern: '^[^\\u0000]*$' })),
    owner_id: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    ...pageOf
  }),
  response: {
    200: answer({
      recordings: Type.Array(Type.Object({
        id: Type.Integer(),
        recording_id: Type.String(),
        session_id: Type.String(),
        title: Type.String(),
        recording_url: url,
        duration: Type.Integer({ description: 'Seconds.' }),
        size_bytes: Type.Integer(),
        created_at: timestamp
      })),
      total_count: Type.Integer({ description: 'In all pages.' }),
      page: Type.Integer(),
      page_size: Type.Integer()
    }, 'A page of them'),
    ...errors([])
  }
}

/** docs/api/live-sessions.md, 4. */
export const recordingRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (scope, { sessions, access, log }) => {
  const { recordings } = sessions

  scope.post('/sessions/:session_id/recording/start', { ...access.actor('record', perMinute(30), 'record'), schema: startSchema }, async request => {
    const session = access.session(request)
    mustBeLive(session.status)
    const { recordingId } = await recordings.start(session)
    log.info({ session: session.sessionId, recording: recordingId }, 'recording of a live session started')
    return { message: 'Recording started', recording_id: recordingId }
  })

  scope.post('/sessions/:session_id/recording/stop', { ...access.actor('record', perMinute(30), 'record'), schema: stopSchema }, async request => {
    const recording = await recordings.stop(access.session(request))
    return { message: 'Recording stopped', recording_id: recording.recordingId, recording_url: recordings.urlOf(recording) }
  })

  scope.get('/recordings', { ...access.anyone('recordings', perMinute(300)), schema: listSchema }, async request => {
    const { session_id: sessionId, owner_id: ownerId, page = 1, page_size: asked = DEFAULT_PAGE_SIZE } = request.query
    const pageSize = Math.min(asked, MAX_PAGE_SIZE)
    const { recordings: found, total } = await recordings.list(onlookerOf(request), {
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(ownerId === undefined ? {} : { ownerId }),
      page,
      pageSize
    })
    return {
      recordings: found.map(recording => ({
        id: recording.id,
        recording_id: recording.recordingId,
        session_id: recording.of.id,
        title: recording.title,
        recording_url: recordings.urlOf(recording),
        duration: Math.round(recording.durationSeconds),
        size_bytes: recording.bytes,
        created_at: wholeSeconds(recording.createdAt)
      })),
      total_count: total,
      page,
      page_size: pageSize
    }
  })
}
