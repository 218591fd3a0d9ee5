/**
 * Loaded into a server (`--import`): answers what it holds, for those who look from outside. Ask with
 * `{ ask: 'inside' }` over IPC; the answer is an {@link Inside}. Garbage is collected first.
 */
import { createHook } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Inside {
  answer: 'inside'
  /** What keeps the process alive, counted by kind: `Timeout`, `TCPSocketWrap`, `PipeWrap`, ... */
  resources: Record<string, number>
  /**
   * What was made since it was first asked with `track: true` and is still there, whether it keeps the
   * process alive or not: `Timeout`, `TCPWRAP`, `PROCESSWRAP`, ...
   */
  tracked: Record<string, number>
  /** Bytes. */
  rss: number
  heapUsed: number
  external: number
}

/** Kinds that are counted: those of which one too many is a leak. */
const TRACKED = new Set(['Timeout', 'TCPWRAP', 'PIPEWRAP', 'PROCESSWRAP', 'FSEVENTWRAP', 'STATWATCHER', 'FILEHANDLE', 'WORKER', 'ZLIB'])

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const living = new Map<number, string>()
const hook = createHook({
  init (id, type) { if (TRACKED.has(type)) living.set(id, type) },
  destroy (id) { living.delete(id) }
})

function count (kinds: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

process.on('message', (message: unknown) => {
  const { ask, track } = (message ?? {}) as { ask?: unknown, track?: unknown }
  if (ask !== 'inside') return
  collectGarbage()
  // What the collection lets go is told to the hook in the next turns.
  setImmediate(() => setImmediate(() => {
    const { rss, heapUsed, external } = process.memoryUsage()
    process.send?.({ answer: 'inside', resources: count(process.getActiveResourcesInfo()), tracked: count(living.values()), rss, heapUsed, external } satisfies Inside)
    if (track === true) hook.enable()
  }))
})
// Whoever looks does not keep the server alive.
process.channel?.unref()
