import { HeadwaterError } from '../../errors/catalogue.ts'
import type { ByteRange } from './objects.ts'

/** @throws HeadwaterError `RANGE_NOT_SATISFIABLE` for what is the range of no object */
export function checkRange ({ start, end }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) throw new HeadwaterError('RANGE_NOT_SATISFIABLE')
}

/** The part of a range that lies in an object of so many bytes. @throws HeadwaterError `RANGE_NOT_SATISFIABLE` when none does */
export function rangeWithin (range: ByteRange, bytes: number): ByteRange {
  checkRange(range)
  if (range.start >= bytes) throw new HeadwaterError('RANGE_NOT_SATISFIABLE')
  return { start: range.start, end: Math.min(range.end, bytes - 1) }
}
