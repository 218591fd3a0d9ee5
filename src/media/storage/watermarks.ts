/** `low`: no new streams. `critical`: ended streams make room. */
export type DiskState = 'ok' | 'low' | 'critical'

/** Free bytes; 0 turns a mark off. */
export interface Watermarks {
  lowBytes: number
  criticalBytes: number
}

/** A mark is left behind only when so much more than the mark is free (a share of it): segments come and go all the time. */
const HYSTERESIS = 0.02

export function diskState (free: number, { lowBytes, criticalBytes }: Watermarks, before: DiskState): DiskState {
  const isBelow = (mark: number, wasBelow: boolean) => free < (wasBelow ? mark * (1 + HYSTERESIS) : mark)
  if (isBelow(criticalBytes, before === 'critical')) return 'critical'
  return isBelow(lowBytes, before !== 'ok') ? 'low' : 'ok'
}
