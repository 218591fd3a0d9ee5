import { Broadcaster, type BroadcasterOptions } from './client.ts'
import { checkOutput, type CheckOptions, type OutputCheck } from './output.ts'
import { PlaylistWatch } from './playlist-watch.ts'

/** How a stream may end when its broadcaster ended it; `ended` where the answer was lost with a connection. */
const ENDED_BY_US = ['ended by owner', 'ended']

export interface BrokenBroadcast extends BroadcasterOptions {
  /** The server itself, where `url` is a proxy's. */
  serverUrl?: string
  /** Breaks things while the broadcast runs. What it throws is a failure. */
  breakThings: (broadcaster: Broadcaster) => Promise<void>
  check?: CheckOptions
}

export interface BroadcastOutcome {
  /** Everything that was not as promised; empty: nothing lost, nothing twice, in order, nobody saw anything odd. */
  failures: string[]
  broadcaster: Broadcaster
  /** Undefined where there was nothing to check. */
  output: OutputCheck | undefined
}

/** One whole broadcast while things break: sent, watched, ended, and compared with its source. Never rejects. */
export async function broadcastWhile (options: BrokenBroadcast): Promise<BroadcastOutcome> {
  const { serverUrl = options.url, streamKey, source, breakThings, check } = options
  const failures: string[] = []
  const attempt = async (action: () => Promise<void>) => {
    try {
      await action()
    } catch (error) {
      const { message } = error as Error
      failures.push(message.startsWith(streamKey) ? message : `${streamKey}: ${message}`)
    }
  }
  const broadcaster = new Broadcaster(options)
  const watch = new PlaylistWatch(serverUrl, streamKey)
  let output: OutputCheck | undefined
  await attempt(async () => {
    await broadcaster.started
    const broken = attempt(() => breakThings(broadcaster))
    await attempt(async () => {
      const reason = await broadcaster.end()
      if (!ENDED_BY_US.includes(reason)) failures.push(`${streamKey}: the stream ended: ${reason}`)
    })
    await broken
  })
  broadcaster.leave()
  failures.push(...await watch.stop())
  await attempt(async () => {
    output = await checkOutput(serverUrl, streamKey, source, check)
    failures.push(...output.problems)
  })
  failures.push(...broadcaster.complaints)
  return { failures, broadcaster, output }
}

/** Does all jobs, so many at a time, each begun as soon as there is room. */
export async function inTurns<T> (jobs: ReadonlyArray<() => Promise<T>>, atOnce: number): Promise<T[]> {
  const results: T[] = []
  const waiting = [...jobs.entries()]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await next[1]()
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, worker))
  return results
}

/** Shares `total` runs among broadcasts of at most `most` each, as evenly as can be. */
export function share (total: number, most: number): number[] {
  const broadcasts = Math.ceil(total / most)
  return Array.from({ length: broadcasts }, (_, index) => Math.floor((index + 1) * total / broadcasts) - Math.floor(index * total / broadcasts))
}
