import type { StreamRegistry } from '../media/registry.ts'
import type { Stream } from '../media/stream.ts'

/** Playlist requests of viewers who came before the first segment: held for a while instead of turned away. */
export class HeldRequests {
  readonly #max: number
  readonly #waitMs: number
  readonly #releases = new Map<string, Set<() => void>>()
  #count = 0

  constructor (registry: StreamRegistry, max: number, waitMs: number) {
    this.#max = max
    this.#waitMs = waitMs
    registry.on('segment-listed', ({ key }) => this.#release(key))
    registry.on('ended', ({ key }) => this.#release(key))
  }

  /** Resolves with the first segment, the end of the stream, the end of the wait, or when the client has gone. */
  async wait (stream: Stream, gone: AbortSignal): Promise<void> {
    if (this.#count >= this.#max || this.#waitMs === 0 || gone.aborted) return
    this.#count++
    const releases = this.#releases.get(stream.key) ?? new Set()
    this.#releases.set(stream.key, releases)
    await new Promise<void>(resolve => {
      const timer = setTimeout(done, this.#waitMs)
      function done () {
        clearTimeout(timer)
        gone.removeEventListener('abort', done)
        releases.delete(done)
        resolve()
      }
      gone.addEventListener('abort', done)
      releases.add(done)
    })
    this.#count--
    if (releases.size === 0 && this.#releases.get(stream.key) === releases) this.#releases.delete(stream.key)
  }

  /** Lets everybody go: the server closes. */
  releaseAll (): void {
    for (const key of [...this.#releases.keys()]) this.#release(key)
  }

  #release (key: string): void {
    for (const release of this.#releases.get(key) ?? []) release()
  }
}
