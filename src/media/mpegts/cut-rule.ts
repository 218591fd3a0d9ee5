/**
 * When a segment may be closed. Pure: times in microseconds, no bytes.
 *
 * TARGETDURATION is never exceeded by more than rounding (RFC 8216, 4.3.3.1), so no segment may run
 * for half a second more than the target.
 */
export interface CutRule {
  /** From here on a key frame closes the segment. */
  closeUs: number
  /** From here on a segment is not continued. */
  limitUs: number
  /** No segment is listed with more: it would round to more than the target. */
  longestUs: number
  /** The first segment of a stream closes at the first key frame after this. */
  firstUs: number
}

const EARLY_US = 100_000
const LATE_US = 450_000
const ROUNDED_OFF_US = 499_000
const FIRST_US = 1_000_000
/** A recorder's "every second" comes some milliseconds early. */
const JITTER_US = 50_000

export function cutRule (targetSeconds: number): CutRule {
  const targetUs = targetSeconds * 1_000_000
  return { closeUs: targetUs - EARLY_US, limitUs: targetUs + LATE_US, longestUs: targetUs + ROUNDED_OFF_US, firstUs: Math.min(FIRST_US, targetUs) - JITTER_US }
}

/**
 * What a key frame means for the open segment.
 * @param runUs how long the segment has run up to the key frame
 * @param gopUs distance of the last two key frames, the best guess for the next one; undefined when there was one only
 * @param first no segment of the stream was closed before
 */
export function atKeyFrame (rule: CutRule, runUs: number, gopUs: number | undefined, first: boolean): 'close' | 'go-on' | 'too-late' {
  if (runUs > rule.limitUs) return 'too-late'
  if (runUs >= rule.closeUs) return 'close'
  if (first && runUs >= rule.firstUs) return 'close'
  if (gopUs !== undefined && runUs > 0 && runUs + gopUs > rule.limitUs) return 'close'
  return 'go-on'
}
