import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { acceptsCoding } from '../../http/content-coding.ts'
import { goneSignal } from '../../http/gone-signal.ts'
import { sendBuffer, sendFile } from '../../http/send-media.ts'
import { EVENT_PLAYLIST, LIVE_PLAYLIST, readBytes } from '../../media/hls/files.ts'
import { segmentName } from '../../media/hls/playlist.ts'
import { Rendering } from '../../media/hls/rendering.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import type { HeldRequests } from '../held-requests.ts'
import type { PlaybackAccess } from '../playback-access.ts'
import { signedPlaylist, SignedRenderings } from '../signed-playlist.ts'
import { errors, media, signedQuery, streamParams, TAG } from './schemas.ts'
import { streamKeyOf } from './stream-key.ts'

export interface PlaybackOptions {
  registry: StreamRegistry
  held: HeldRequests
  access: PlaybackAccess
}

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const SEGMENT_TYPE = 'video/mp2t'
/** A player that came too early asks again after this. */
const RETRY_AFTER_MS = 2_000
/** A segment never changes. */
const SEGMENT_SECONDS = 3_600
const SEQUENCE = /^\d{1,15}$/

const rangeHeaders = Type.Object({ range: Type.Optional(Type.String({ description: 'One range of bytes; several are answered with all of it.' })) })

function playlistSchema (operationId: string, summary: string) {
  return {
    tags: [TAG],
    operationId,
    summary,
    description: 'A request for a stream that has no segment yet is held until it has one, up to HELD_REQUEST_SECONDS; then 404 with Retry-After.',
    params: streamParams,
    querystring: signedQuery,
    headers: rangeHeaders,
    response: { 200: media(PLAYLIST_TYPE, 'The playlist'), 206: media(PLAYLIST_TYPE, 'The part of it that was asked for'), ...errors(403, 404, 416, 503) }
  }
}

const eventSchema = playlistSchema('getEventPlaylist', 'The whole broadcast from its first segment on (HLS)')
const liveSchema = playlistSchema('getLivePlaylist', 'The newest segments, for who watches live (HLS)')

const segmentSchema = {
  tags: [TAG],
  operationId: 'getSegment',
  summary: 'A segment (MPEG-TS)',
  params: Type.Object({ ...streamParams.properties, segmentNumber: Type.String({ description: 'The media sequence number: digits.' }) }),
  querystring: signedQuery,
  headers: rangeHeaders,
  response: { 200: media(SEGMENT_TYPE, 'The segment'), 206: media(SEGMENT_TYPE, 'The part of it that was asked for'), ...errors(403, 404, 416, 503) }
}

/** `stream.m3u8`, `live.m3u8` and the segments: from memory where they are there, else from disk. */
export async function playback (scope: FastifyInstance, { registry, held, access }: PlaybackOptions): Promise<void> {
  const signed = new SignedRenderings()
  const playlist = { ...access.guard('playlist'), config: { trafficClass: 'playlist' as const } }
  scope.get('/:streamId/stream.m3u8', { ...playlist, schema: eventSchema }, async (request, reply) => await sendPlaylist(request, reply, EVENT_PLAYLIST))
  scope.get('/:streamId/live.m3u8', { ...playlist, schema: liveSchema }, async (request, reply) => await sendPlaylist(request, reply, LIVE_PLAYLIST))

  scope.get('/:streamId/segment_:segmentNumber.ts', { ...access.guard('segment'), config: { trafficClass: 'segment' }, schema: segmentSchema }, async (request, reply) => {
    const key = streamKeyOf(request)
    const { segmentNumber } = request.params as { segmentNumber: string }
    if (!SEQUENCE.test(segmentNumber)) throw new HeadwaterError('INVALID_REQUEST', { message: 'A segment number consists of digits', streamKey: key })
    const sequence = Number(segmentNumber)
    reply.header('cache-control', access.cacheControl(request, SEGMENT_SECONDS)).type(SEGMENT_TYPE)
    const ready = registry.get(key)?.packager?.segment(sequence)
    if (ready !== undefined) return sendBuffer(request, reply, ready)
    return await sendFile(request, reply, join(registry.folderOf(key), segmentName(sequence)), new HeadwaterError('SEGMENT_NOT_FOUND', { streamKey: key }))
  })

  async function sendPlaylist (request: FastifyRequest, reply: FastifyReply, name: typeof EVENT_PLAYLIST | typeof LIVE_PLAYLIST): Promise<FastifyReply> {
    const key = streamKeyOf(request)
    const query = access.segmentQuery(request)
    reply.header('cache-control', 'no-cache')
    const stream = registry.get(key)
    if (stream === undefined) return await sendFromDisk(request, reply, key, name, query)
    const isEmpty = () => (stream.packager?.segmentCount ?? 0) === 0
    if (isEmpty() && !stream.hasEnded) await held.wait(stream, goneSignal(reply))
    const { packager } = stream
    if (packager === undefined || isEmpty()) {
      throw new HeadwaterError('STREAM_NOT_FOUND', {
        message: 'The stream has no segment yet', streamKey: key, ...(stream.hasEnded ? {} : { retryAfterMs: RETRY_AFTER_MS })
      })
    }
    const rendering = name === EVENT_PLAYLIST ? packager.eventPlaylist : packager.livePlaylist
    return await sendRendering(request, reply, query === undefined ? rendering : signed.of(rendering, query))
  }

  /** Of a stream that is over, and not known any more. @param query for its segments, where they need one */
  async function sendFromDisk (request: FastifyRequest, reply: FastifyReply, key: string, name: string, query: string | undefined): Promise<FastifyReply> {
    const path = join(registry.folderOf(key), name)
    const missing = new HeadwaterError('STREAM_NOT_FOUND', { streamKey: key })
    if (query === undefined) return await sendFile(request, reply.type(PLAYLIST_TYPE), path, missing)
    const playlist = await readBytes(path)
    if (playlist === undefined) throw missing
    return await sendRendering(request, reply, new Rendering(signedPlaylist(playlist, query), 0))
  }
}

async function sendRendering (request: FastifyRequest, reply: FastifyReply, rendering: Rendering): Promise<FastifyReply> {
  reply.type(PLAYLIST_TYPE).header('vary', 'accept-encoding')
  if (request.headers.range !== undefined) return sendBuffer(request, reply, rendering.body)
  if (!acceptsCoding(request.headers['accept-encoding'], 'gzip')) return reply.header('accept-ranges', 'bytes').send(rendering.text)
  return reply.header('content-encoding', 'gzip').send(await rendering.gzipped())
}
