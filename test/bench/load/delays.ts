import type { ToldTicks } from '../told-ticks.ts'
import type { Delivery } from './followers.ts'

/** How long each message took from its tick, in milliseconds. What was told of one side alone is left out: it was under way when the other was asked. */
export function delaysOf (deliveries: readonly Delivery[], updates: ToldTicks['updates']): number[] {
  const dueAt = new Map(updates.map(({ timestamp, dueAt }) => [timestamp, dueAt]))
  return deliveries.flatMap(({ timestamp, arrivedAt }) => {
    const due = dueAt.get(timestamp)
    return due === undefined ? [] : arrivedAt.map(at => at - due)
  })
}
