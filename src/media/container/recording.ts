import type { ReaderEvent } from './types.ts'

/**
 * How a step went: 'on', some bytes were settled; 'more', bytes are missing; 'over', the header of
 * another recorder run stands at the front.
 */
export type Step = 'on' | 'more' | 'over'

/** Takes what became certain. */
export type Tell = (event: ReaderEvent) => void

/**
 * One recorder run, read from the front of a queue. A step that throws (`Malformed`, `Refusal`) has let
 * nothing go, so that the front tells where the damage is.
 */
export interface Recording {
  /** The header is still being read: what is malformed now makes the whole run unusable. */
  readonly isInHeader: boolean
  /** Where the first byte stands that no event has settled, in bytes since the reader's first one. */
  readonly settled: number
  /** Bytes that are held beside the queue: of the header, or of what waits for the header to be complete. */
  readonly held: number
  step: () => Step
  /** Goes on at the next place that can be recognised; false where that is of no use because the header has not been read. */
  seek: () => boolean
}
