import { join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { acceptsCoding } from '../../http/content-coding.ts'
import { sendBuffer, sendFile } from '../../http/send-media.ts'
import { EVENT_PLAYLIST, LIVE_PLAYLIST } from '../../media/hls/files.ts'
import { segmentName } from '../../media/hls/playlist.ts'
import type { Rendering } from '../../media/hls/rendering.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import type { HeldRequests } from '../held-requests.ts'
import { streamKeyOf } from './stream-key.ts'

export interface PlaybackOptions {
  registry: StreamRegistry
  held: HeldRequests
}

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const SEGMENT_TYPE = 'video/mp2t'
/** A player that came too early asks again after this. */
const RETRY_AFTER_MS = 2_000
const SEQUENCE = /^\d{1,15}$/

/** `stream.m3u8`, `live.m3u8` and the segments: from memory where they are there, else from disk. */
export async function playback (scope: FastifyInstance, { registry, held }: PlaybackOptions): Promise<void> {
  scope.get('/:streamId/stream.m3u8', async (request, reply) => await sendPlaylist(request, reply, EVENT_PLAYLIST))
  scope.get('/:streamId/live.m3u8', async (request, reply) => await sendPlaylist(request, reply, LIVE_PLAYLIST))

  scope.get('/:streamId/segment_:segmentNumber.ts', async (request, reply) => {
    const key = streamKeyOf(request)
    const { segmentNumber } = request.params as { segmentNumber: string }
    if (!SEQUENCE.test(segmentNumber)) throw new HeadwaterError('INVALID_REQUEST', { message: 'A segment number consists of digits', streamKey: key })
    const sequence = Number(segmentNumber)
    reply.header('cache-control', 'public, max-age=3600').type(SEGMENT_TYPE)
    const ready = registry.get(key)?.packager?.segment(sequence)
    if (ready !== undefined) return sendBuffer(request, reply, ready)
    return await sendFile(request, reply, join(registry.folderOf(key), segmentName(sequence)), new HeadwaterError('SEGMENT_NOT_FOUND', { streamKey: key }))
  })

  async function sendPlaylist (request: FastifyRequest, reply: FastifyReply, name: typeof EVENT_PLAYLIST | typeof LIVE_PLAYLIST): Promise<FastifyReply> {
    const key = streamKeyOf(request)
    reply.header('cache-control', 'no-cache')
    const stream = registry.get(key)
    if (stream === undefined) {
      return await sendFile(request, reply.type(PLAYLIST_TYPE), join(registry.folderOf(key), name), new HeadwaterError('STREAM_NOT_FOUND', { streamKey: key }))
    }
    const isEmpty = () => (stream.packager?.segmentCount ?? 0) === 0
    if (isEmpty() && !stream.hasEnded) await held.wait(stream, goneSignal(reply))
    const { packager } = stream
    if (packager === undefined || isEmpty()) {
      throw new HeadwaterError('STREAM_NOT_FOUND', {
        message: 'The stream has no segment yet', streamKey: key, ...(stream.hasEnded ? {} : { retryAfterMs: RETRY_AFTER_MS })
      })
    }
    return await sendRendering(request, reply, name === EVENT_PLAYLIST ? packager.eventPlaylist : packager.livePlaylist)
  }
}

async function sendRendering (request: FastifyRequest, reply: FastifyReply, rendering: Rendering): Promise<FastifyReply> {
  reply.type(PLAYLIST_TYPE).header('vary', 'accept-encoding')
  if (request.headers.range !== undefined) return sendBuffer(request, reply, rendering.body)
  if (!acceptsCoding(request.headers['accept-encoding'], 'gzip')) return reply.header('accept-ranges', 'bytes').send(rendering.text)
  return reply.header('content-encoding', 'gzip').send(await rendering.gzipped())
}

/** Fires when the client is gone before it was answered. */
function goneSignal (reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => controller.abort())
  return controller.signal
}
