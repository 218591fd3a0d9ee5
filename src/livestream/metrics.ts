import { Counter, Histogram, Registry } from 'prom-client'
import { gauge, labelledGauge } from '../http/metrics.ts'
import { STREAM_KINDS } from '../media/admission/cost.ts'
import { FAULTS } from '../media/epoch/fault.ts'
import type { RunOutcome } from '../media/epoch/run.ts'
import { ENCODE_WORKS } from '../media/ffmpeg/arguments.ts'
import { REFUSALS, type StreamRegistry } from '../media/registry.ts'
import { STREAM_STATES } from '../media/stream-state.ts'
import { THUMBNAIL_OUTCOMES } from '../media/thumbnail/run.ts'
import type { Thumbnails } from '../media/thumbnail/thumbnails.ts'

export interface LiveMetricsOptions {
  registry: StreamRegistry
  thumbnails: Thumbnails
  /** Socket.IO connections at present. */
  connections: () => number
}

/** How a run of FFmpeg can end, as a label; a failed one by its fault. */
const RUN_ENDS: string[] = [...['finished', 'long-gop', 'new-track', 'aborted', 'storage', 'suspended'] satisfies Array<RunOutcome['kind']>, ...FAULTS]

const DELAY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const SEGMENT_SECONDS = [0.5, 1, 1.5, 1.9, 2.1, 2.5, 3, 4, 6, 10]
const LAG_SECONDS = [0.25, 0.5, 1, 2, 3, 4, 6, 10, 20, 60]

/**
 * The streams of one registry, their thumbnails and their audience as Prometheus metrics. Streams have no labels of
 * their own: their keys are other people's, and their number has no bound.
 */
export function liveMetrics ({ registry, thumbnails, connections }: LiveMetricsOptions): Registry {
  const metrics = new Registry()
  const registers = [metrics]
  const active = () => registry.active()
  const sum = <T>(of: readonly T[], read: (one: T) => number) => of.reduce((total, one) => total + read(one), 0)
  const counter = (name: string, help: string) => new Counter({ name, help, registers })
  const labelledCounter = (name: string, help: string, label: string, values: readonly string[]) => {
    const labelled = new Counter({ name, help, labelNames: [label], registers })
    for (const value of values) labelled.inc({ [label]: value }, 0)
    return labelled
  }
  const histogram = (name: string, help: string, buckets: number[]) => new Histogram({ name, help, buckets, registers })

  const faults = labelledCounter('headwater_faults_total', 'Faults that held segments up or made them late, by reason', 'reason', FAULTS)
  const ended = labelledCounter('headwater_streams_ended_total', 'Streams that ended, by reason', 'reason', [])
  const started = counter('headwater_streams_started_total', 'Streams that started')
  const chunks = counter('headwater_ingest_chunks_total', 'Chunks that came from broadcasters')
  const chunkBytes = counter('headwater_ingest_bytes_total', 'Bytes of these chunks')
  const segments = counter('headwater_segments_total', 'Segments listed')
  const segmentBytes = counter('headwater_segment_bytes_total', 'Bytes of the segments listed')
  const durations = histogram('headwater_segment_duration_seconds', 'Lengths of the segments listed', SEGMENT_SECONDS)
  const delays = histogram('headwater_segment_delay_seconds', 'From the arrival of the last frame of a segment until it was listed', DELAY_SECONDS)
  const lags = histogram('headwater_lag_seconds', 'Media of a stream that had come and was not listed, at each of its segments', LAG_SECONDS)
  const starts = labelledCounter('headwater_ffmpeg_starts_total', 'FFmpeg processes started for streams, by the costliest work: copy, audio, video', 'work', ENCODE_WORKS)
  const exits = labelledCounter('headwater_ffmpeg_exits_total', 'FFmpeg processes of streams that ended, by outcome or fault', 'outcome', RUN_ENDS)
  const thumbnailRuns = labelledCounter('headwater_thumbnail_runs_total', 'FFmpeg runs for a thumbnail, by outcome', 'outcome', THUMBNAIL_OUTCOMES)

  const refused = labelledCounter('headwater_streams_refused_total', 'Streams that were refused, by reason', 'reason', REFUSALS)
  const overcommitted = counter('headwater_cpu_overcommitted_total', 'Running streams that took more of the CPU budget than was left')

  thumbnails.on('run', outcome => { thumbnailRuns.inc({ outcome }) })
  registry.on('fault', (_stream, reason) => { faults.inc({ reason }) })
  registry.on('started', () => { started.inc() })
  registry.on('ended', (_stream, reason) => { ended.inc({ reason }) })
  registry.on('refused', reason => { refused.inc({ reason }) })
  registry.on('overcommitted', () => { overcommitted.inc() })
  registry.on('run-started', (_stream, work) => { starts.inc({ work }) })
  registry.on('run-ended', (_stream, outcome) => { exits.inc({ outcome: outcome.kind === 'failed' ? outcome.fault : outcome.kind }) })
  registry.on('received', (_stream, bytes) => {
    chunks.inc()
    chunkBytes.inc(bytes)
  })
  registry.on('segment-listed', (_stream, { bytes, durationMs }, { delayMs, lagSeconds }) => {
    segments.inc()
    segmentBytes.inc(bytes)
    durations.observe(durationMs / 1000)
    if (delayMs !== undefined) delays.observe(delayMs / 1000)
    lags.observe(lagSeconds)
  })

  labelledGauge(metrics, 'headwater_streams', 'Streams that have not ended, by state', 'state', STREAM_STATES.filter(state => state !== 'ended'), state => active().filter(stream => stream.state === state).length)
  labelledGauge(metrics, 'headwater_degraded_streams', 'Streams whose segments a fault holds up or makes late, by reason', 'reason', FAULTS, reason => active().filter(({ pipeline }) => pipeline?.condition === reason).length)
  labelledGauge(metrics, 'headwater_bytes', 'Bytes: held in memory until they are safe, of the newest segments in memory, of all segments on disk, free on the disk', 'of', ['held', 'window', 'stored', 'free'], of => {
    if (of === 'held') return sum(active(), ({ heldBytes }) => heldBytes)
    if (of === 'window') return sum(active(), ({ packager }) => packager?.memoryBytes ?? 0)
    return of === 'stored' ? registry.storage.usedBytes : registry.storage.freeBytes ?? NaN
  })
  labelledGauge(metrics, 'headwater_queue', 'What waits: acknowledgements that are withheld, chunks that came before others', 'of', ['acknowledgements', 'chunks'], of =>
    sum(active(), ({ withheldAnswers, earlyChunks }) => of === 'chunks' ? earlyChunks : withheldAnswers))
  gauge(metrics, 'headwater_lag_max_seconds', 'Media that has come and is not listed, of the stream with most of it', () => Math.max(0, ...active().map(({ pipeline }) => pipeline?.lagSeconds ?? 0)))
  gauge(metrics, 'headwater_ffmpeg_processes', 'FFmpeg processes that run for streams', () => active().filter(({ pipeline }) => pipeline?.running).length)
  gauge(metrics, 'headwater_viewers', 'Connections that watch, counted once for each stream', () => sum(active(), ({ viewers }) => viewers.size))
  gauge(metrics, 'headwater_connections', 'Socket.IO connections', connections)
  labelledGauge(metrics, 'headwater_cpu_reserved_cores', 'Cores that streams have reserved, by kind', 'kind', STREAM_KINDS, kind => registry.admission.reservedBy(kind))
  gauge(metrics, 'headwater_cpu_budget_cores', 'Cores that all streams together may reserve', () => registry.admission.report.budgetCores)
  gauge(metrics, 'headwater_starts_waiting', 'FFmpeg processes of streams that wait for their turn to start', () => registry.admission.report.startsWaiting)
  return metrics
}
