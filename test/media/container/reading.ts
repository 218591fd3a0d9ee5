import { ContainerReader } from '../../../src/media/container/reader.ts'
import type { Frame, InitSegment, ReaderEvent, ReaderLimits, Unit } from '../../../src/media/container/types.ts'

export const LIMITS: ReaderLimits = { maxVideoPixels: 4096 * 2304, maxInitBytes: 1 << 20, maxUnitBytes: 8 << 20 }

type Damage = Extract<ReaderEvent, { type: 'damage' }>

/** Everything that a reader says about some bytes. */
export interface Reading {
  events: ReaderEvent[]
  inits: InitSegment[]
  units: Unit[]
  damage: Damage[]
  /** Where the reader stands at the end. */
  settled: number
  /** The most that it held after a push. */
  peak: number
}

/** Reads bytes, cut into pieces of the given sizes in turn; in one piece by default. */
export function read (bytes: Uint8Array, { limits = LIMITS, sizes = [bytes.length] }: { limits?: ReaderLimits, sizes?: number[] } = {}): Reading {
  const reader = new ContainerReader(limits)
  const events: ReaderEvent[] = []
  let peak = 0
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number
    events.push(...reader.push(bytes.subarray(at, at + size)))
    peak = Math.max(peak, reader.buffered)
    at += size
  }
  return { ...sorted(events), settled: reader.settled, peak }
}

export function sorted (events: ReaderEvent[]): Pick<Reading, 'events' | 'inits' | 'units' | 'damage'> {
  return {
    events,
    inits: events.flatMap(event => event.type === 'init' ? [event.init] : []),
    units: events.flatMap(event => event.type === 'unit' ? [event.unit] : []),
    damage: events.filter(event => event.type === 'damage')
  }
}

export function framesOf (units: Unit[], kind: Frame['kind']): Frame[] {
  return units.flatMap(unit => unit.frames).filter(frame => frame.kind === kind)
}

/** What a demuxer is fed: the header, and every unit behind its lead. */
export function feed (init: InitSegment, units: Unit[]): Buffer {
  const pieces = [init.bytes]
  let lead: Buffer | undefined
  for (const unit of units) {
    if (unit.lead !== undefined && unit.lead !== lead) pieces.push(unit.lead)
    lead = unit.lead
    pieces.push(unit.bytes)
  }
  return Buffer.concat(pieces)
}
