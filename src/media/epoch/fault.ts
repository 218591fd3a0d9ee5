/**
 * What can go wrong between a broadcaster's media and its segments, as it appears in `status`, events, logs
 * and metrics.
 *
 * - `encoder-not-started`: the program could not be run
 * - `encoder-no-output`: it was fed and gave nothing since its start
 * - `encoder-hung`: it was fed and stopped making progress
 * - `encoder-killed`: a signal that was not ours ended it
 * - `encoder-exited`: it ended by itself before its input did
 * - `encoder-garbled`: it wrote something that is not MPEG-TS
 * - `encoder-slow`: it works, and falls behind what comes; nothing is started anew for it
 * - `disk-full`: there is no room for a segment
 * - `disk-failed`: a segment could not be written for another reason
 */
export const FAULTS = ['encoder-not-started', 'encoder-no-output', 'encoder-hung', 'encoder-killed', 'encoder-exited', 'encoder-garbled', 'encoder-slow', 'disk-full', 'disk-failed'] as const

export type Fault = typeof FAULTS[number]

/** What the file system said, without the path: it is nobody's business, and names the stream. */
export function withoutPath (error: Error): string {
  return error.message.replace(/ '[^]*'$/, '')
}
