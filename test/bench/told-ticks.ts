/**
 * Loaded into a server (`--import`): notes when statistics are due and each time that they are put into words, for those
 * who look from outside. Told `{ ask: 'note-ticks', everyMs }` over IPC before anybody follows; asked
 * `{ ask: 'ticks' }` it answers a {@link ToldTicks}.
 */

export interface ToldTicks {
  answer: 'ticks'
  /** Since it was asked the last time, and after the first tick. `dueAt`: of the tick before it, in milliseconds since 1970. */
  updates: Array<{ timestamp: string, dueAt: number }>
}

interface Update {
  type?: unknown
  data?: { timestamp: string }
}

let everyMs: number | undefined
let dueAt: number | undefined
let updates: ToldTicks['updates'] = []

const { setInterval } = globalThis
globalThis.setInterval = Object.assign((work: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
  if (ms !== everyMs) return setInterval(work, ms, ...args)
  return setInterval(() => {
    dueAt = performance.timeOrigin + performance.now()
    work(...args)
  }, ms)
}, setInterval)

const { stringify } = JSON
JSON.stringify = ((value: unknown, ...how: []) => {
  const { type, data } = (value ?? {}) as Update
  if (type === 'stats_update' && data !== undefined && dueAt !== undefined) updates.push({ timestamp: data.timestamp, dueAt })
  return stringify(value, ...how)
}) as typeof stringify

process.on('message', (message: unknown) => {
  const { ask, ...about } = (message ?? {}) as { ask?: unknown, everyMs?: number }
  if (ask === 'note-ticks') everyMs = about.everyMs
  if (ask !== 'ticks') return
  process.send?.({ answer: 'ticks', updates } satisfies ToldTicks)
  updates = []
})
// Whoever looks does not keep the server alive.
process.channel?.unref()
