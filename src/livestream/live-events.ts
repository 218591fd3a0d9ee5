import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { Log } from '../log.ts'
import { segmentName } from '../media/hls/playlist.ts'
import type { StreamRegistry } from '../media/registry.ts'
import type { Stream } from '../media/stream.ts'
import type { LiveEventMap, StreamStartedEvent } from './host-hooks.ts'

export interface LiveEventsOptions {
  registry: StreamRegistry
  /** Path of a segment on this server. */
  segmentUrl: (streamKey: string, name: string) => string
  log: Log
}

/**
 * What happens to streams, for hosts. A stream's `stream-started` comes before all else of it, its `stream-ended` last;
 * one that was only prepared has neither. A listener that fails, now or later, is logged and disturbs nobody.
 */
export class LiveEvents extends EventEmitter<LiveEventMap> {
  readonly #options: LiveEventsOptions
  readonly #told = new WeakSet<Stream>()

  constructor (options: LiveEventsOptions) {
    super()
    this.#options = options
    const { registry, segmentUrl } = options
    registry.on('started', stream => this.#started(stream, false))
    registry.on('segment-listed', (stream, { sequence, durationMs, bytes, discontinuity }) => {
      this.#started(stream, true)
      const name = segmentName(sequence)
      this.emit('segment-listed', Object.freeze({
        streamKey: stream.key,
        sequence,
        durationSeconds: durationMs / 1000,
        bytes,
        discontinuity,
        path: join(stream.folder, name),
        url: segmentUrl(stream.key, name)
      }))
    })
    registry.on('ended', (stream, reason) => {
      const { packager } = stream
      if (packager === undefined) return
      this.#started(stream, true)
      this.emit('stream-ended', Object.freeze({
        ...describe(stream),
        endedAt: new Date(stream.endedAt ?? Date.now()),
        reason,
        segmentCount: packager.segmentCount,
        durationSeconds: packager.durationMs / 1000,
        bytes: packager.bytes
      }))
    })
  }

  /** Tells of the streams that an earlier server left: once everybody who wants to hear of them can have subscribed. */
  tellRecovered (): void {
    for (const stream of this.#options.registry.active()) {
      if (stream.packager !== undefined) this.#started(stream, true)
    }
  }

  /** Each listener by itself: what one of them throws is not the stream's affair, nor the next one's. */
  override emit<Name extends keyof LiveEventMap> (event: Name, ...[payload]: LiveEventMap[Name]): boolean {
    const listeners = this.rawListeners(event) as unknown as Array<(payload: unknown) => unknown>
    for (const listener of listeners) {
      const failed = (err: unknown) => this.#options.log.error({ err, event }, 'a listener failed')
      try {
        const result = listener.call(this, payload)
        if (result instanceof Promise) result.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
    return listeners.length > 0
  }

  #started (stream: Stream, resumed: boolean): void {
    if (this.#told.has(stream)) return
    this.#told.add(stream)
    this.emit('stream-started', Object.freeze({ ...describe(stream), ...(resumed ? { resumed } : {}) }))
  }
}

function describe ({ key, userId, title, startedAt }: Stream): StreamStartedEvent {
  return { streamKey: key, userId, ...(title === undefined ? {} : { title }), startedAt: new Date(startedAt) }
}
