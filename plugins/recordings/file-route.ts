import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError, type ErrorCode } from '../../src/errors/catalogue.ts'
import { makeErrorHandler, nothingAt } from '../../src/http/error-handler.ts'
import { namesEtag } from '../../src/http/etag.ts'
import { useOwnAnswers } from '../../src/http/json.ts'
import { limitRequests } from '../../src/http/rate-limit.ts'
import { sendStored } from '../../src/http/send-media.ts'
import { useOwnValidation } from '../../src/http/validation.ts'
import type { Objects } from '../../src/platform/objects/objects.ts'
import type { RecordingsCore } from './core.ts'
import { pathOf, RECORDING_TYPE, recordingIdOf } from './recording-file.ts'
import { identify, watcherOf } from './watcher.ts'

export interface FileRouteOptions {
  recordings: RecordingsCore
  objects: Objects
  requestsPerMinute: number
}

/** Whoever has it may watch it again; whether they still may is asked each time. */
const FILE_HEADERS = {
  'cache-control': 'private, no-cache',
  'x-content-type-options': 'nosniff'
}

/** A file that is still being made is asked for again after this. */
const RETRY_AFTER_MS = 5_000

const CODES: readonly ErrorCode[] = ['RECORDING_NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'RATE_LIMIT_EXCEEDED', 'FORBIDDEN', 'INTERNAL_ERROR', 'DATABASE_UNAVAILABLE', 'OBJECTS_UNAVAILABLE', 'URI_TOO_LONG', 'INVALID_REQUEST', 'NOT_FOUND']
const errorBody = Type.Object({ error: Type.String({ description: 'For people.' }), code: Type.Enum([...CODES], { description: 'For programs; stable.' }) }, { title: 'RecordingError' })
const errors = (descriptions: Record<number, string>) => Object.fromEntries(Object.entries(descriptions).map(([status, description]) => [status, { description, content: { 'application/json': { schema: errorBody } } }]))
const video = (description: string) => ({ description, content: { [RECORDING_TYPE]: { schema: { type: 'string', format: 'binary' } } } })

const schema = {
  tags: ['recordings'],
  operationId: 'getRecordingFile',
  summary: 'The file of a recording (MP4)',
  description: 'For whoever may see what was recorded: by the cookie or the token of an account, or anybody where it is public.',
  params: Type.Object({ file: Type.String({ description: 'The recording id and `.mp4`.' }) }),
  headers: Type.Object({
    range: Type.Optional(Type.String({ description: 'One range of bytes; several are answered with all of it.' })),
    'if-range': Type.Optional(Type.String({ description: 'The ETag of which the range is a part.' })),
    'if-none-match': Type.Optional(Type.String({ description: 'The ETag of the file that is there already.' })),
    authorization: Type.Optional(Type.String({ description: 'Bearer, with the token of an account; or its cookie.' }))
  }),
  response: {
    200: video('All of it'),
    206: video('The part of it that was asked for'),
    304: { type: 'null', description: 'It is still that one' },
    ...errors({
      400: 'The request makes no sense: INVALID_REQUEST',
      403: 'A page of another origin uses the cookie: FORBIDDEN',
      404: 'There is none, one may not know of it, or it is not ready (Retry-After): RECORDING_NOT_FOUND',
      416: 'The range lies outside of the file: RANGE_NOT_SATISFIABLE',
      429: 'RATE_LIMIT_EXCEEDED',
      500: 'INTERNAL_ERROR',
      503: 'DATABASE_UNAVAILABLE, OBJECTS_UNAVAILABLE'
    })
  }
}

/** `GET /:file`: a recording for who may see it, in ranges too. Who may not know of it is told that there is none. */
export const fileRoute: FastifyPluginAsync<FileRouteOptions> = async (scope, { recordings, objects, requestsPerMinute }) => {
  useOwnValidation(scope)
  useOwnAnswers(scope)
  const answerError = makeErrorHandler(error => ({ error: error.message, code: error.code }))
  scope.setErrorHandler(answerError)
  scope.setNotFoundHandler(async (request, reply) => await answerError(nothingAt(request), request, reply))
  limitRequests(scope, requestsPerMinute)

  scope.get<{ Params: { file: string } }>('/:file', { onRequest: identify(scope), schema }, async (request, reply) => {
    const recordingId = recordingIdOf(request.params.file)
    const recording = recordingId === undefined ? undefined : await recordings.find(recordingId)
    if (recording === undefined || !await recordings.isVisible(recording, watcherOf(request))) throw new HeadwaterError('RECORDING_NOT_FOUND')
    if (recording.state === 'failed') throw new HeadwaterError('RECORDING_NOT_FOUND', { message: `There is no file: ${recording.problem ?? 'the recording failed'}` })
    if (recording.state !== 'ready') throw new HeadwaterError('RECORDING_NOT_FOUND', { message: 'The recording is not ready yet', retryAfterMs: RETRY_AFTER_MS })
    const key = pathOf({ thingId: recording.of.id, recordingId: recording.recordingId })
    const info = await objects.info(key)
    if (info === undefined) throw new HeadwaterError('RECORDING_NOT_FOUND', { message: 'The file of the recording is gone' })
    const etag = `"${info.etag}"`
    reply.headers({ ...FILE_HEADERS, etag })
    if (namesEtag(request.headers['if-none-match'], etag)) return await reply.code(304).send()
    return await sendStored(request, reply.type(RECORDING_TYPE), { bytes: info.bytes, etag, read: async range => (await objects.get(key, range))?.body })
  })
}
