import { quantile } from '../chaos/measure.ts'

export interface MemorySample {
  /** Since the beginning of the soak, in milliseconds. */
  atMs: number
  /** Bytes, after a collection of garbage. */
  rss: number
  heapUsed: number
  external: number
}

const PARTS = 6

export interface Growth {
  /** Medians of the first and the last sixth, in bytes. */
  first: number
  last: number
  /** 0.05 is 5 %. */
  growth: number
  samples: number
}

/** How a figure grew from the first to the last sixth of the time after the warm-up. */
export function growthOf (samples: readonly MemorySample[], warmUpMs: number, figure: (sample: MemorySample) => number): Growth {
  const warm = samples.filter(({ atMs }) => atMs >= warmUpMs)
  const size = Math.max(1, Math.floor(warm.length / PARTS))
  const median = (some: readonly MemorySample[]) => quantile(some.map(figure), 0.5)
  const [first, last] = [median(warm.slice(0, size)), median(warm.slice(-size))]
  return { first, last, growth: last / first - 1, samples: warm.length }
}
