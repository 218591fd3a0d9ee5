import { Counter, Gauge, Registry } from 'prom-client'
import { STREAM_KINDS } from '../media/admission/cost.ts'
import { FAULTS } from '../media/epoch/fault.ts'
import { REFUSALS, type StreamRegistry } from '../media/registry.ts'
import { STREAM_STATES } from '../media/stream-state.ts'
import { THUMBNAIL_OUTCOMES } from '../media/thumbnail/run.ts'
import type { Thumbnails } from '../media/thumbnail/thumbnails.ts'

/**
 * The streams of one registry and their thumbnails as Prometheus metrics. Streams have no labels of their own:
 * their keys are other people's, and their number has no bound.
 */
export function streamMetrics (registry: StreamRegistry, thumbnails: Thumbnails): Registry {
  const metrics = new Registry()
  const registers = [metrics]
  const active = () => registry.active()

  const faults = new Counter({ name: 'headwater_faults_total', help: 'Faults that held segments up or made them late, by reason', labelNames: ['reason'], registers })
  for (const reason of FAULTS) faults.inc({ reason }, 0)
  const ended = new Counter({ name: 'headwater_streams_ended_total', help: 'Streams that ended, by reason', labelNames: ['reason'], registers })
  const segments = new Counter({ name: 'headwater_segments_total', help: 'Segments listed', registers })
  const segmentBytes = new Counter({ name: 'headwater_segment_bytes_total', help: 'Bytes of the segments listed', registers })
  const thumbnailRuns = new Counter({ name: 'headwater_thumbnail_runs_total', help: 'FFmpeg runs for a thumbnail, by outcome', labelNames: ['outcome'], registers })
  for (const outcome of THUMBNAIL_OUTCOMES) thumbnailRuns.inc({ outcome }, 0)
  thumbnails.on('run', outcome => { thumbnailRuns.inc({ outcome }) })
  registry.on('fault', (_stream, reason) => { faults.inc({ reason }) })
  registry.on('ended', (_stream, reason) => { ended.inc({ reason }) })
  registry.on('segment-listed', (_stream, { bytes }) => {
    segments.inc()
    segmentBytes.inc(bytes)
  })

  gauge('headwater_streams', 'Streams that have not ended, by state', 'state', STREAM_STATES, state => active().filter(stream => stream.state === state).length)
  gauge('headwater_degraded_streams', 'Streams whose segments a fault holds up or makes late, by reason', 'reason', FAULTS, reason => active().filter(({ pipeline }) => pipeline?.condition === reason).length)
  gauge('headwater_bytes', 'Bytes: held in memory until they are safe, of the newest segments in memory, of all segments on disk, free on the disk', 'of', ['held', 'window', 'stored', 'free'], of => {
    if (of === 'held') return active().reduce((sum, { heldBytes }) => sum + heldBytes, 0)
    if (of === 'window') return active().reduce((sum, { packager }) => sum + (packager?.memoryBytes ?? 0), 0)
    return of === 'stored' ? registry.storage.usedBytes : registry.storage.freeBytes ?? NaN
  })
  admissionMetrics()
  return metrics

  function admissionMetrics (): void {
    const { admission } = registry
    const refused = new Counter({ name: 'headwater_streams_refused_total', help: 'Streams that were refused, by reason', labelNames: ['reason'], registers })
    for (const reason of REFUSALS) refused.inc({ reason }, 0)
    const overcommitted = new Counter({ name: 'headwater_cpu_overcommitted_total', help: 'Running streams that took more of the CPU budget than was left', registers })
    registry.on('refused', reason => { refused.inc({ reason }) })
    registry.on('overcommitted', () => { overcommitted.inc() })
    gauge('headwater_cpu_reserved_cores', 'Cores that streams have reserved, by kind', 'kind', STREAM_KINDS, kind => admission.reservedBy(kind))
    void new Gauge({ name: 'headwater_cpu_budget_cores', help: 'Cores that all streams together may reserve', registers, collect () { this.set(admission.report.budgetCores) } })
    void new Gauge({ name: 'headwater_starts_waiting', help: 'FFmpeg processes of streams that wait for their turn to start', registers, collect () { this.set(admission.report.startsWaiting) } })
  }

  function gauge<L extends string> (name: string, help: string, label: string, values: readonly L[], read: (value: L) => number): void {
    // prom-client calls `collect` as a method of the gauge, whenever it is asked.
    void new Gauge({ name, help, labelNames: [label], registers, collect () { for (const value of values) this.set({ [label]: value }, read(value)) } })
  }
}
