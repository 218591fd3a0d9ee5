import { Type } from 'typebox'
import { STREAM_KINDS } from '../../media/admission/cost.ts'
import { FAULTS } from '../../media/epoch/fault.ts'
import { STREAM_STATES } from '../../media/stream-state.ts'
import { credentialHeaders, errors, nullable, streamParams, TAG, timestamp } from './schemas.ts'

const processState = {
  hasFfmpegCommand: Type.Boolean({ description: 'An FFmpeg process runs for it.' }),
  hasInputStream: Type.Boolean({ description: 'It can take media.' })
}

const encoder = Type.Object({
  state: Type.Enum(['idle', 'starting', 'running', 'draining', 'backing-off', 'failed', 'stopped']),
  restarts: Type.Integer({ description: 'Runs of FFmpeg that were started after a fault.' }),
  lastFault: nullable(Type.Enum([...FAULTS])),
  stalled: nullable(Type.String({ description: 'Why nothing comes out at present.' }))
})

export const statusSchema = {
  tags: [TAG],
  operationId: 'getStreamStatus',
  summary: 'What there is of a stream',
  description: 'Never a 404, so that a page can ask before the stream is there.',
  params: streamParams,
  response: {
    200: Type.Object({
      streamId: Type.String(),
      local: Type.Object({
        isActive: Type.Boolean(),
        manifestExists: Type.Boolean(),
        streamDirExists: Type.Boolean(),
        streamData: Type.Optional(Type.Object({
          userId: Type.String(),
          startedAt: timestamp,
          viewers: Type.Integer(),
          ...processState,
          broadcasterSocketId: nullable(Type.String()),
          state: Type.Enum([...STREAM_STATES]),
          segmentCount: Type.Integer(),
          heldBytes: Type.Integer({ description: 'Media in memory until it is safe on disk.' }),
          maxHeldBytes: Type.Integer(),
          degraded: nullable(Type.Enum([...FAULTS], { description: 'The fault that holds segments up or makes them late.' })),
          kind: nullable(Type.Enum([...STREAM_KINDS], { description: 'Null before its first header.' })),
          costCores: nullable(Type.Number({ description: 'What it has reserved of the CPU budget.' })),
          encoder: nullable(encoder)
        }, { description: 'Only while the stream has not ended.' })),
        files: Type.Array(Type.String()),
        manifestContent: nullable(Type.String({ description: 'stream.m3u8' }))
      }),
      overall: Type.Object({ isActive: Type.Boolean(), hasManifest: Type.Boolean(), hasStreamDir: Type.Boolean(), hasVideoContent: Type.Boolean() })
    }, { description: 'Its state, its process and its files' }),
    ...errors()
  }
}

export const activeSchema = {
  tags: [TAG],
  operationId: 'listActiveStreams',
  summary: 'The streams that have not ended',
  response: {
    200: Type.Object({
      count: Type.Integer(),
      streams: Type.Array(Type.Object({
        streamId: Type.String(),
        userId: Type.String(),
        status: Type.Enum(['waiting', 'broadcasting', 'reconnecting', 'ending']),
        startedAt: timestamp,
        isActive: Type.Boolean({ description: 'Media can come, now or when the broadcaster is back.' }),
        playbackUrl: Type.String({ description: 'Path of stream.m3u8.' }),
        thumbnailUrl: Type.String({ description: 'Path of its picture.' }),
        viewers: Type.Integer(),
        title: Type.Optional(Type.String())
      }))
    }, { description: 'In the order in which they began' }),
    ...errors()
  }
}

const health = Type.Object({
  status: Type.Enum(['healthy', 'unhealthy']),
  timestamp,
  streamsDirectory: Type.Object({ exists: Type.Boolean(), path: Type.String({ description: 'Always "streams": where the files are is not told.' }) }),
  activeStreams: Type.Object({
    count: Type.Integer(),
    streams: Type.Array(Type.Object({ streamKey: Type.String(), userId: Type.String(), startedAt: timestamp, viewers: Type.Integer(), ...processState }))
  }),
  memoryUsage: Type.Object({ rss: Type.Integer(), heapTotal: Type.Integer(), heapUsed: Type.Integer(), external: Type.Integer() }),
  admission: Type.Object({
    budgetCores: Type.Number({ description: 'What streams may reserve of the processor.' }),
    reservedCores: Type.Number(),
    streams: Type.Integer(),
    maxStreams: Type.Integer(),
    startsWaiting: Type.Integer({ description: 'FFmpeg processes that wait for their turn to start.' })
  }),
  storage: Type.Object({
    state: Type.Enum(['ok', 'low', 'critical']),
    freeBytes: nullable(Type.Integer()),
    usedBytes: Type.Integer({ description: 'All streams together.' }),
    maxBytes: Type.Integer({ description: '0: no limit.' })
  })
})

export const healthSchema = {
  tags: [TAG],
  operationId: 'getLivestreamHealth',
  summary: 'How the live core does',
  description: 'For people and for clients of the original API; for an orchestrator there are /livez and /readyz.',
  response: {
    200: { ...health, description: 'The folder of the streams is there' },
    ...errors(),
    503: { ...health, description: 'It is not' }
  }
}

export const debugSchema = {
  tags: [TAG],
  operationId: 'getStreamFiles',
  summary: 'What is on disk of a stream',
  params: streamParams,
  headers: credentialHeaders,
  response: {
    200: Type.Object({
      streamId: Type.String(),
      streamPath: Type.String({ description: 'As if the media root were "streams".' }),
      m3u8Path: Type.String(),
      manifestExists: Type.Boolean(),
      manifestContent: Type.String({ description: 'Empty when there is none.' }),
      manifestLines: Type.Integer(),
      segmentsInManifest: Type.Integer(),
      segmentFiles: Type.Array(Type.String()),
      segmentFilesCount: Type.Integer(),
      allFiles: Type.Array(Type.String()),
      timestamp
    }, { description: 'Its files' }),
    ...errors(403, 503)
  }
}
