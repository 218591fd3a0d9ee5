import { mustBeTime, mustBeWhole } from './check.ts'
import { jsonCopy } from './json.ts'
import type { PresenceOptions, SeatOffer } from './state.ts'

export type KeptOptions = Required<Omit<PresenceOptions, 'data'>> & { data: unknown }

/** As they are kept. @throws RangeError for what is no time; TypeError for what is no JSON */
export function keptOptions ({ timeoutMs, data, keepsStay = false }: PresenceOptions): KeptOptions {
  mustBeTime('timeoutMs', timeoutMs)
  return { timeoutMs: Math.ceil(timeoutMs), data: jsonCopy(data), keepsStay }
}

/** @throws RangeError for seats that cannot be counted */
export function mustBeOffers (offers: readonly SeatOffer[]): void {
  for (const { seats } of offers) mustBeWhole('seats', seats)
}
