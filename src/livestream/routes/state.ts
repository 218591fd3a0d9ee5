import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { goneSignal } from '../../http/gone-signal.ts'
import { EVENT_PLAYLIST, listFiles, readText } from '../../media/hls/files.ts'
import { parseSegmentName } from '../../media/hls/playlist.ts'
import type { StreamRegistry } from '../../media/registry.ts'
import type { Stream } from '../../media/stream.ts'
import type { PlaybackRequest } from '../host-hooks.ts'
import type { PlaybackAccess } from '../playback-access.ts'
import type { PlaybackUrls } from '../playback-urls.ts'
import type { PublishAuth } from '../publish-auth.ts'
import type { Reservations } from '../reservations.ts'
import { isStrangerTo, requireCredential } from './credential.ts'
import { activeSchema, debugSchema, healthSchema, statusSchema } from './state-schemas.ts'
import { streamKeyOf } from './stream-key.ts'

export interface StateOptions {
  registry: StreamRegistry
  streamsDir: string
  /** What a stream may hold in memory until it is safe on disk. */
  maxHeldBytes: number
  urls: PlaybackUrls
  access: PlaybackAccess
  reservations: Reservations
}

/** Where the server keeps its files is nobody's business: paths are given as if the media root were `streams`. */
function publicPath (...parts: string[]): string {
  return ['streams', ...parts].join('/')
}

export interface DebugOptions {
  registry: StreamRegistry
  auth: PublishAuth
}

interface Files {
  names: string[] | undefined
  manifest: string | null
}

async function readFiles (registry: StreamRegistry, key: string): Promise<Files> {
  const folder = registry.folderOf(key)
  const [names, onDisk] = await Promise.all([listFiles(folder), readText(join(folder, EVENT_PLAYLIST))])
  return { names, manifest: registry.get(key)?.packager?.eventPlaylist.body.toString() ?? onDisk ?? null }
}

/** What a stranger is told of a stream that a feature owns: what is told of one that is not there. */
const NO_FILES: Files = { names: undefined, manifest: null }

/** The process of a stream, in the words of the original API. */
function processState (stream: Stream) {
  return {
    hasFfmpegCommand: stream.pipeline?.running ?? false,
    hasInputStream: stream.pipeline?.hasInput ?? false
  }
}

/** `GET /:streamId/status`: never a 404, so that a page can ask before the stream is there. */
export async function status (scope: FastifyInstance, { registry, maxHeldBytes, access }: StateOptions): Promise<void> {
  scope.get('/:streamId/status', { config: { trafficClass: 'status' }, schema: statusSchema }, async (request, reply) => {
    const key = streamKeyOf(request)
    const { ip: address, headers } = request
    const isHidden = await access.hides({ streamKey: key, resource: 'status', address, headers, query: request.query as PlaybackRequest['query'] }, goneSignal(reply))
    const stream = isHidden ? undefined : registry.get(key)
    const { names, manifest } = isHidden ? NO_FILES : await readFiles(registry, key)
    const isActive = stream?.isLive ?? false
    const manifestExists = names?.includes(EVENT_PLAYLIST) ?? false
    return {
      streamId: key,
      local: {
        isActive,
        manifestExists,
        streamDirExists: names !== undefined,
        ...(stream === undefined || stream.hasEnded
          ? {}
          : {
              streamData: {
                userId: stream.userId,
                startedAt: stream.startedAt.toISOString(),
                viewers: stream.viewers.size,
                ...processState(stream),
                broadcasterSocketId: stream.broadcaster,
                state: stream.state,
                segmentCount: stream.packager?.segmentCount ?? 0,
                heldBytes: stream.heldBytes,
                maxHeldBytes,
                degraded: stream.pipeline?.condition ?? null,
                kind: stream.cost?.kind ?? null,
                costCores: stream.cost?.cores ?? null,
                encoder: stream.pipeline?.encoder ?? null
              }
            }),
        files: names ?? [],
        manifestContent: manifest
      },
      overall: {
        isActive,
        hasManifest: manifestExists,
        hasStreamDir: names !== undefined,
        hasVideoContent: names?.some(name => parseSegmentName(name) !== undefined) ?? false
      }
    }
  })
}

/** How much room is left for other streams. */
function admissionState ({ admission, maxStreams }: StreamRegistry, streams: number) {
  const { budgetCores, reservedCores, startsWaiting } = admission.report
  return { budgetCores: inHundredths(budgetCores), reservedCores: inHundredths(reservedCores), streams, maxStreams, startsWaiting }
}

function inHundredths (cores: number): number {
  return Math.round(cores * 100) / 100
}

const STATUS_WORDS: Record<Stream['state'], string> = {
  prepared: 'waiting',
  live: 'broadcasting',
  reconnecting: 'reconnecting',
  ending: 'ending',
  ended: 'ended',
  left: 'reconnecting'
}

/** `GET /active` and `GET /health`. */
export async function overview (scope: FastifyInstance, { registry, streamsDir, urls, reservations }: StateOptions): Promise<void> {
  /** Those that are everybody's: of its own a feature tells whom it will. */
  const listed = () => registry.active().filter(({ key }) => reservations.of(key) === undefined)
  scope.get('/active', { config: { trafficClass: 'status' }, schema: activeSchema }, async () => {
    const streams = listed().map(stream => ({
      streamId: stream.key,
      userId: stream.userId,
      status: STATUS_WORDS[stream.state],
      startedAt: stream.startedAt.toISOString(),
      isActive: stream.isLive,
      playbackUrl: urls.plain(stream.key, EVENT_PLAYLIST),
      thumbnailUrl: urls.plain(stream.key, 'thumbnail.jpg'),
      viewers: stream.viewers.size,
      ...(stream.title === undefined ? {} : { title: stream.title })
    }))
    return { count: streams.length, streams }
  })

  scope.get('/health', { config: { trafficClass: 'status' }, schema: healthSchema }, async (_request, reply) => {
    const exists = await listFiles(streamsDir) !== undefined
    const active = listed()
    const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
    return await reply.code(exists ? 200 : 503).send({
      status: exists ? 'healthy' : 'unhealthy',
      timestamp: new Date().toISOString(),
      streamsDirectory: { exists, path: publicPath() },
      activeStreams: {
        count: active.length,
        streams: active.map(stream => ({
          streamKey: stream.key,
          userId: stream.userId,
          startedAt: stream.startedAt.toISOString(),
          viewers: stream.viewers.size,
          ...processState(stream)
        }))
      },
      memoryUsage: { rss, heapTotal, heapUsed, external },
      storage: registry.storage,
      admission: admissionState(registry, registry.active().length)
    })
  })
}

/** `GET /:streamId/debug`: what is on disk. A control route: it needs a credential where publishing does. */
export async function debug (scope: FastifyInstance, { registry, auth }: DebugOptions): Promise<void> {
  scope.get('/:streamId/debug', { config: { trafficClass: 'control' }, schema: debugSchema }, async (request, reply) => {
    const key = streamKeyOf(request)
    await requireCredential(auth, request, key)
    const isHidden = await isStrangerTo(auth, request, reply, { streamKey: key, userId: undefined, action: 'debug' })
    const { names, manifest } = isHidden ? NO_FILES : await readFiles(registry, key)
    const segmentFiles = names?.filter(name => parseSegmentName(name) !== undefined) ?? []
    const lines = manifest === null ? [] : manifest.trimEnd().split('\n')
    return {
      streamId: key,
      streamPath: publicPath(key),
      m3u8Path: publicPath(key, EVENT_PLAYLIST),
      manifestExists: names?.includes(EVENT_PLAYLIST) ?? false,
      manifestContent: manifest ?? '',
      manifestLines: lines.length,
      segmentsInManifest: lines.filter(line => parseSegmentName(line) !== undefined).length,
      segmentFiles,
      segmentFilesCount: segmentFiles.length,
      allFiles: names ?? [],
      timestamp: new Date().toISOString()
    }
  })
}
