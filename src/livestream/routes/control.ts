import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { EVENT_PLAYLIST } from '../../media/hls/files.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import { ANONYMOUS, type Stream } from '../../media/stream.ts'
import type { PlaybackUrls } from '../playback-urls.ts'
import { bearer, type PublishAuth } from '../publish-auth.ts'
import { isStrangerTo, requireCredential, requireHost } from './credential.ts'
import { credentialHeaders, errors, streamParams, TAG, timestamp } from './schemas.ts'
import { streamKeyOf } from './stream-key.ts'

export interface ControlOptions {
  registry: StreamRegistry
  auth: PublishAuth
  urls: PlaybackUrls
}

const MAX_TEXT = 2_000

const startBody = Type.Object({
  userId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  action: Type.Literal('start'),
  timestamp: Type.Number({ description: 'Unix time; its age is not checked' }),
  title: Type.Optional(Type.String({ maxLength: MAX_TEXT })),
  description: Type.Optional(Type.String({ maxLength: MAX_TEXT }))
})

const stopBody = Type.Object({
  userId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  action: Type.Literal('stop'),
  timestamp: Type.Number({ description: 'Unix time; its age is not checked' })
})

const startSchema = {
  tags: [TAG],
  operationId: 'prepareStream',
  summary: 'Prepares a stream for whoever starts to send',
  params: streamParams,
  headers: credentialHeaders,
  body: startBody,
  response: {
    200: Type.Object({
      status: Type.Enum(['created_and_started', 'already_exists']),
      streamId: Type.String(),
      playbackUrl: Type.String({ description: 'Path of stream.m3u8; signed where playback is, for who may publish.' }),
      message: Type.String(),
      timestamp
    }, { description: 'It is there' }),
    ...errors(403, 413, 415, 503, 507)
  }
}

const stopSchema = {
  tags: [TAG],
  operationId: 'stopStream',
  summary: 'Ends a stream',
  params: streamParams,
  headers: credentialHeaders,
  body: stopBody,
  response: {
    200: Type.Object({ status: Type.Enum(['stopped', 'already_stopped']), streamId: Type.String(), message: Type.String(), timestamp }, { description: 'It has ended' }),
    ...errors(403, 404, 413, 415, 503)
  }
}

/** `POST /:streamId/start` prepares a stream for whoever starts to send; `POST /:streamId/stop` ends it. */
export const control: FastifyPluginAsyncTypebox<ControlOptions> = async (scope, { registry, auth, urls }) => {
  scope.post('/:streamId/start', { config: { trafficClass: 'control' }, schema: startSchema }, async (request, reply) => {
    const key = streamKeyOf(request)
    await requireCredential(auth, request, key, request.body.userId)
    await requireHost(auth, request, reply, { streamKey: key, userId: request.body.userId, action: 'prepare' })
    const { userId = ANONYMOUS, title, description } = request.body
    const answer = { streamId: key, playbackUrl: urls.signed(key) }
    const existing = registry.get(key)
    if (existing !== undefined && !existing.hasEnded) {
      // Who has proved nothing is not let in to the stream of somebody else.
      const playbackUrl = auth.requires(key) || auth.asksHost(key) ? answer.playbackUrl : urls.plain(key, EVENT_PLAYLIST)
      return { status: 'already_exists' as const, ...answer, playbackUrl, message: 'The stream exists already', timestamp: new Date().toISOString() }
    }
    registry.prepare(key, { userId, title, description })
    return { status: 'created_and_started' as const, ...answer, message: 'The stream is ready for its broadcaster', timestamp: new Date().toISOString() }
  })

  scope.post('/:streamId/stop', { config: { trafficClass: 'control' }, schema: stopSchema }, async (request, reply) => {
    const key = streamKeyOf(request)
    const stream = registry.get(key)
    await requireOwner(auth, request, reply, { key, stream, userId: request.body.userId })
    if (stream === undefined) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey: key })
    const answer = { streamId: key, timestamp: new Date().toISOString() }
    if (stream.hasEnded) return { status: 'already_stopped' as const, message: 'The stream had ended already', ...answer }
    await stream.end('stopped')
    return { status: 'stopped' as const, message: 'The stream has ended', ...answer }
  })
}

/**
 * The stream's own token, or a publish credential; in open mode the owner's id, which is all that the original asks. The
 * token needs nobody's consent.
 * @param target `stream`: undefined when there is none
 * @throws HeadwaterError `STREAM_NOT_FOUND` to whom the feature that owns such streams does not know
 */
async function requireOwner (auth: PublishAuth, request: FastifyRequest, reply: FastifyReply, { key, stream, userId }: { key: string, stream: Stream | undefined, userId: string | undefined }): Promise<void> {
  const credential = bearer(request.headers.authorization)
  if (credential !== undefined && stream?.isToken(credential) === true) return
  if (auth.requires(key)) {
    await requireCredential(auth, request, key, stream === undefined || stream.unowned ? undefined : stream.userId)
  } else if (!auth.isReserved(key) && stream !== undefined && userId !== stream.userId && !(stream.unowned && userId === undefined)) {
    throw new HeadwaterError('UNAUTHORIZED', { message: 'Only the owner may stop the stream', streamKey: key })
  }
  if (await isStrangerTo(auth, request, reply, { streamKey: key, userId, action: 'stop' })) throw new HeadwaterError('STREAM_NOT_FOUND', { streamKey: key })
}
