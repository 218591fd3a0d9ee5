import fc from 'fast-check'
import { ENDLIST, parseSegmentName, playlistEntry, playlistHead, segmentName, summarisePlaylist, type ListedSegment } from '../../../src/media/hls/playlist.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'
import { anyMutation, mutate, type Mutation } from '../inputs/mutation.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

interface WrittenSegment {
  durationMs: number
  discontinuity: boolean
  programDateTimeMs: number
}

type PlaylistInput =
  /** What the server writes: all segments from `firstSequence` on, seen through a window of the newest. */
  | { kind: 'written', targetSeconds: number, firstSequence: number, firstDiscontinuity: number, segments: WrittenSegment[], window: number, ended: boolean }
  /** What may stand in a file that was ours. */
  | { kind: 'found', text: string }
  /** A broadcast of days. */
  | { kind: 'long', segments: number }

/** Above it, an EXTINF would round to more than the target (RFC 8216, 4.3.3.1). */
const ROUNDED_OFF_MS = 499

const written = fc.integer({ min: 1, max: 10 }).chain(targetSeconds => fc.record({
  kind: fc.constant('written' as const),
  targetSeconds: fc.constant(targetSeconds),
  firstSequence: fc.nat(100_000),
  firstDiscontinuity: fc.nat(1_000),
  segments: fc.array(fc.record({
    durationMs: fc.integer({ min: 1, max: targetSeconds * 1000 + ROUNDED_OFF_MS }),
    discontinuity: fc.boolean(),
    programDateTimeMs: fc.integer({ min: -5e12, max: 9e12 })
  }), { maxLength: 12 }),
  window: fc.integer({ min: 1, max: 8 }),
  ended: fc.boolean()
}))

const fragment = fc.constantFrom(
  '#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-TARGETDURATION:', '#EXT-X-MEDIA-SEQUENCE:', '#EXT-X-DISCONTINUITY-SEQUENCE:', '#EXT-X-DISCONTINUITY', '#EXTINF:', '#EXT-X-ENDLIST', 'segment_', '.ts', ',',
  '\n', '\r\n', '\0', ' ', '-', '+', '0', '7', '15', '1e3', '0x10', 'NaN', 'Infinity', '999999999999999', '9999999999999999999', '٣', '\u2028', '\ufffd'
)
const garbage = fc.array(fc.oneof({ weight: 6, arbitrary: fragment }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) }), { maxLength: 40 }).map(parts => parts.join(''))

const found = fc.oneof(
  garbage,
  fc.tuple(written, fc.array(anyMutation(fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 4 })).map(([input, mutations]) => damaged(eventText(input), mutations))
).map(text => ({ kind: 'found' as const, text }))

type Written = Extract<PlaylistInput, { kind: 'written' }>

function damaged (text: string, mutations: Mutation[]): string {
  return mutations.reduce(mutate, Buffer.from(text)).toString()
}

function listedOf ({ segments, firstSequence }: Written): ListedSegment[] {
  // A broadcast's first segment continues nothing.
  return segments.map((segment, index) => ({ ...segment, sequence: firstSequence + index, bytes: 1, discontinuity: segment.discontinuity && index > 0 }))
}

function eventText (input: Written): string {
  const { targetSeconds, firstSequence, firstDiscontinuity, ended } = input
  return playlistHead({ targetSeconds, mediaSequence: firstSequence, discontinuitySequence: firstDiscontinuity, event: true }) +
    listedOf(input).map((segment, index) => playlistEntry(segment, index === 0)).join('') + (ended ? ENDLIST : '')
}

/** The newest segments, written as a sliding window is: discontinuities that have left it are counted (RFC 8216, 6.2.2). */
function windowText (input: Written): { text: string, listed: ListedSegment[] } {
  const all = listedOf(input)
  const gone = all.slice(0, Math.max(0, all.length - input.window))
  const listed = all.slice(gone.length)
  const text = playlistHead({
    targetSeconds: input.targetSeconds,
    mediaSequence: input.firstSequence + gone.length,
    discontinuitySequence: input.firstDiscontinuity + gone.filter(({ discontinuity }) => discontinuity).length,
    event: false
  }) + listed.map((segment, index) => playlistEntry(segment, index === 0)).join('') + (input.ended ? ENDLIST : '')
  return { text, listed }
}

/** The discontinuity sequence of every segment: those before it in the whole broadcast, and its own. */
function continuities (input: Written): number[] {
  let count = input.firstDiscontinuity
  return listedOf(input).map(({ discontinuity }) => discontinuity ? ++count : count)
}

/** What RFC 8216 demands of the text itself. */
function checkText (text: string, { targetSeconds }: Written): void {
  const lines = text.split('\n')
  const of = (tag: string) => lines.filter(line => line.startsWith(tag))
  must(lines[0] === '#EXTM3U' && lines.at(-1) === '', 'the first line is #EXTM3U, the last one is ended')
  for (const tag of ['#EXTM3U', '#EXT-X-VERSION:', '#EXT-X-TARGETDURATION:', '#EXT-X-MEDIA-SEQUENCE:']) must(of(tag).length === 1, `${tag} stands once`)
  must(of('#EXT-X-DISCONTINUITY-SEQUENCE:').length <= 1 && of('#EXT-X-ENDLIST').length <= 1, 'a tag stands twice')
  const firstEntry = lines.findIndex(line => /^#EXTINF|^#EXT-X-DISCONTINUITY$/.test(line))
  for (const tag of ['#EXT-X-MEDIA-SEQUENCE:', '#EXT-X-DISCONTINUITY-SEQUENCE:']) {
    // RFC 8216, 4.3.3.2 and 4.3.3.3
    must(firstEntry < 0 || lines.findIndex(line => line.startsWith(tag)) < firstEntry, `${tag} stands before the first segment`)
  }
  for (const line of of('#EXTINF:')) {
    must(/^#EXTINF:\d+\.\d{3},$/.test(line), () => `an odd line: ${line}`)
    must(Math.round(Number.parseFloat(line.slice(8))) <= targetSeconds, () => `${line} is over the target of ${targetSeconds}`)
  }
  const dates = of('#EXT-X-PROGRAM-DATE-TIME:')
  must(dates.every(line => /^#EXT-X-PROGRAM-DATE-TIME:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(line)), () => `an odd date: ${dates.join()}`)
  const names = lines.filter(line => line !== '' && !line.startsWith('#'))
  must(new Set(names).size === names.length && names.every(name => parseSegmentName(name) !== undefined), 'names are ours, and used once')
}

function checkWritten (input: Written): void {
  const all = listedOf(input)
  const event = eventText(input)
  const { text, listed } = windowText(input)
  const expected = continuities(input)
  for (const [playlist, segments] of [[event, all], [text, listed]] as const) {
    checkText(playlist, input)
    const read = readPlaylist(playlist)
    must(read.ended === input.ended && read.targetSeconds === input.targetSeconds, 'hls.js reads another head')
    must(read.segments.length === segments.length, () => `hls.js reads ${read.segments.length} of ${segments.length} segments`)
    for (const [index, { sequence, name, durationMs, continuity, discontinuity }] of read.segments.entries()) {
      const own = segments[index]!
      must(sequence === own.sequence && name === segmentName(own.sequence) && durationMs === own.durationMs, () => `hls.js reads another segment ${own.sequence}`)
      must(continuity === expected[own.sequence - input.firstSequence], () => `segment ${own.sequence} has discontinuity sequence ${continuity}`)
      must(index === 0 || discontinuity === own.discontinuity, () => `the discontinuity before segment ${own.sequence}`)
    }
    const summary = summarisePlaylist(playlist)
    must(summary.ended === input.ended, 'the end is not read back')
    must(summary.nextSequence === input.firstSequence + all.length, () => `the next sequence is read as ${summary.nextSequence}`)
    must(summary.discontinuitySequence === (expected.at(-1) ?? input.firstDiscontinuity), () => `the discontinuity sequence is read as ${summary.discontinuitySequence}`)
  }
}

function checkFound (text: string): void {
  const { ended, nextSequence, discontinuitySequence } = summarisePlaylist(text)
  must(typeof ended === 'boolean', 'ended or not')
  must(Number.isSafeInteger(nextSequence) && nextSequence >= 0, () => `the next sequence is ${nextSequence}`)
  must(Number.isSafeInteger(discontinuitySequence) && discontinuitySequence >= 0, () => `the discontinuity sequence is ${discontinuitySequence}`)
  const named = text.split('\n').map(parseSegmentName).filter(sequence => sequence !== undefined)
  for (const sequence of named) must(nextSequence > sequence, () => `segment ${sequence} is named and ${nextSequence} would be next`)
}

function checkLong (segments: number): void {
  const lines = Array.from({ length: segments }, (_, index) => `#EXTINF:2.000,\n${segmentName(index)}\n`)
  must(summarisePlaylist(lines.join('')).nextSequence === segments, 'a long playlist is read back')
}

/** src/media/hls/playlist.ts: the text of playlists, and reading it back after whatever happened to the file. */
export const playlist: FuzzTarget<PlaylistInput> = {
  id: 'playlist',
  inputs: fc.oneof(
    { weight: 1_000, arbitrary: written },
    { weight: 1_000, arbitrary: found },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('long' as const), segments: fc.integer({ min: 1_000, max: 300_000 }) }) }
  ),
  open: withoutSetup(input => {
    switch (input.kind) {
      case 'written': return checkWritten(input)
      case 'found': return checkFound(input.text)
      case 'long': return checkLong(input.segments)
    }
  })
}
