import type { Log } from '../log.ts'
import { before } from './before.ts'
import type { HostHooks, LiveEventMap } from './host-hooks.ts'
import type { LiveEvents } from './live-events.ts'

type EventName = keyof LiveEventMap

/** A call of a hook that waits for its turn. */
interface Waiting {
  event: EventName
  call: (signal: AbortSignal) => unknown
}

/** What is to be told of one stream. */
interface Queue {
  /** Oldest first. */
  waiting: Waiting[]
  /** Segments that were not told since the queue was full. */
  skipped: number
  /** Resolves when nothing is left. */
  done: Promise<void>
}

export interface EventHooksOptions {
  events: LiveEvents
  hooks: HostHooks
  timeoutMs: number
  maxQueued: number
  log: Log
}

const HOOK_OF = { 'stream-started': 'onStreamStarted', 'stream-ended': 'onStreamEnded', 'segment-listed': 'onSegmentListed' } as const satisfies Record<EventName, keyof HostHooks>

/** Tells the host's hooks what happens: for each key one call after the other, in the order of the events. */
export class EventHooks {
  readonly #options: EventHooksOptions
  readonly #queues = new Map<string, Queue>()
  readonly #running = new Set<AbortController>()
  /** The server waits no longer. */
  #closed = false

  constructor (options: EventHooksOptions) {
    this.#options = options
    const { events, hooks } = options
    for (const event of Object.keys(HOOK_OF) as EventName[]) {
      const hook = hooks[HOOK_OF[event]] as ((payload: object, signal: AbortSignal) => unknown) | undefined
      if (hook === undefined) continue
      events.on(event, (payload: LiveEventMap[EventName][0]) => this.#add(payload.streamKey, { event, call: signal => hook(payload, signal) }))
    }
  }

  /** Waits for what is still to be told, for the time-out at the most. */
  async close (): Promise<void> {
    const timer = setTimeout(() => {
      this.#closed = true
      for (const running of this.#running) running.abort(new Error('the server closes'))
    }, this.#options.timeoutMs)
    await Promise.all([...this.#queues.values()].map(({ done }) => done))
    clearTimeout(timer)
  }

  #add (streamKey: string, next: Waiting): void {
    const open = this.#queues.get(streamKey)
    if (open !== undefined) {
      if (this.#hasRoom(open, next)) open.waiting.push(next)
      return
    }
    const queue: Queue = { waiting: [next], skipped: 0, done: Promise.resolve() }
    this.#queues.set(streamKey, queue)
    // Not at once: what a hook does may be an event itself.
    queue.done = queue.done.then(() => this.#work(streamKey, queue))
  }

  /** A host hears of beginnings and ends as long as that is possible at all. */
  #hasRoom (queue: Queue, { event }: Waiting): boolean {
    const { maxQueued, log } = this.#options
    const { length } = queue.waiting
    if (event !== 'segment-listed') {
      if (length < 2 * maxQueued) return true
      log.error({ hook: HOOK_OF[event] }, 'the hooks of the host are too slow: an event is not told')
      return false
    }
    if (length < maxQueued) return true
    if (queue.skipped === 0) log.warn({ hook: HOOK_OF[event] }, 'the hooks of the host are slower than segments come: some are not told')
    queue.skipped++
    return false
  }

  async #work (streamKey: string, queue: Queue): Promise<void> {
    const { log } = this.#options
    const { waiting } = queue
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await this.#run(next)
      if (this.#closed) {
        if (waiting.length > 0) log.error({ count: waiting.length }, 'the server closes before the hooks of the host were told everything')
        break
      }
      if (queue.skipped > 0 && waiting.length === 0) {
        log.warn({ skipped: queue.skipped }, 'the hooks of the host have caught up; so many segments were not told')
        queue.skipped = 0
      }
    }
    this.#queues.delete(streamKey)
  }

  async #run ({ event, call }: Waiting): Promise<void> {
    const { timeoutMs, log } = this.#options
    const over = new AbortController()
    const timer = setTimeout(() => over.abort(new Error(`not done within ${timeoutMs} ms`)), timeoutMs)
    this.#running.add(over)
    try {
      await before(over.signal, async () => await call(over.signal))
    } catch (err) {
      log.error({ err, hook: HOOK_OF[event] }, 'a hook of the host failed')
    } finally {
      clearTimeout(timer)
      this.#running.delete(over)
    }
  }
}
