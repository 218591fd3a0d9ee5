/** The text of media playlists (RFC 8216). Pure. */

export interface ListedSegment {
  /** Media sequence number; also the number in the file's name. */
  sequence: number
  durationMs: number
  bytes: number
  /** The encoding or the time line changed: EXT-X-DISCONTINUITY stands before it. */
  discontinuity: boolean
  /** When its first frame was taken in, in milliseconds since 1970. */
  programDateTimeMs: number
}

export interface PlaylistHead {
  targetSeconds: number
  mediaSequence: number
  discontinuitySequence: number
  /** EVENT: segments are only ever added (RFC 8216, 4.3.3.5). */
  event: boolean
}

const DATE = '#EXT-X-PROGRAM-DATE-TIME:'
const LENGTH = '#EXTINF:'
export const ENDLIST = '#EXT-X-ENDLIST\n'
/** Of a tag; what is longer, or no number, is nothing that we wrote. */
const DECIMAL = /^\d{1,15}$/
const SEGMENT_NAME = /^segment_(\d{1,15})\.ts$/

export function segmentName (sequence: number): string {
  return `segment_${sequence}.ts`
}

/** The sequence number in a segment's file name; undefined for every other name. */
export function parseSegmentName (name: string): number | undefined {
  const match = SEGMENT_NAME.exec(name)
  return match === null ? undefined : Number(match[1])
}

export function playlistHead (head: PlaylistHead): string {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    `#EXT-X-TARGETDURATION:${head.targetSeconds}`,
    `#EXT-X-MEDIA-SEQUENCE:${head.mediaSequence}`,
    ...(head.discontinuitySequence === 0 ? [] : [`#EXT-X-DISCONTINUITY-SEQUENCE:${head.discontinuitySequence}`]),
    ...(head.event ? ['#EXT-X-PLAYLIST-TYPE:EVENT'] : []),
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '', ''
  ].join('\n')
}

/** @param dated writes EXT-X-PROGRAM-DATE-TIME; players count on from there until the next discontinuity */
export function playlistEntry (segment: ListedSegment, dated: boolean): string {
  return (segment.discontinuity ? '#EXT-X-DISCONTINUITY\n' : '') +
    (dated || segment.discontinuity ? `#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.programDateTimeMs).toISOString()}\n` : '') +
    `#EXTINF:${(segment.durationMs / 1000).toFixed(3)},\n${segmentName(segment.sequence)}\n`
}

/** What a playlist on disk says, as far as a server that starts anew has to know it. */
export interface PlaylistSummary {
  ended: boolean
  /** Sequence number of the next segment. */
  nextSequence: number
  /** Discontinuity sequence of the next segment if it is not discontinuous itself. */
  discontinuitySequence: number
}

/** Sequence numbers of the segments that one of our own playlists lists, in its order. */
export function listedSequences (text: string): number[] {
  return text.split('\n').map(parseSegmentName).filter(sequence => sequence !== undefined)
}

/** The segments that one of our own playlists lists, in its order. Sizes are not in it; times are counted on from the last one that is. */
export function listedSegments (text: string): Array<Omit<ListedSegment, 'bytes'>> {
  const segments: Array<Omit<ListedSegment, 'bytes'>> = []
  let discontinuity = false
  let durationMs = 0
  let programDateTimeMs = 0
  for (const line of text.split('\n')) {
    const sequence = parseSegmentName(line)
    if (line === '#EXT-X-DISCONTINUITY') discontinuity = true
    else if (line.startsWith(DATE)) programDateTimeMs = Date.parse(line.slice(DATE.length))
    else if (line.startsWith(LENGTH)) durationMs = Math.round(parseFloat(line.slice(LENGTH.length)) * 1000)
    else if (sequence !== undefined) {
      segments.push({ sequence, durationMs, discontinuity, programDateTimeMs })
      programDateTimeMs += durationMs
      discontinuity = false
    }
  }
  return segments
}

/** Reads one of our own playlists back. */
export function summarisePlaylist (text: string): PlaylistSummary {
  const lines = text.split('\n')
  const number = (tag: string) => {
    const value = lines.find(line => line.startsWith(tag))?.slice(tag.length) ?? ''
    return DECIMAL.test(value) ? Number(value) : 0
  }
  return {
    ended: lines.includes(ENDLIST.trim()),
    // One by one: a long broadcast has more segments than a function takes arguments.
    nextSequence: lines.reduce((next, line) => Math.max(next, (parseSegmentName(line) ?? -1) + 1), number('#EXT-X-MEDIA-SEQUENCE:')),
    discontinuitySequence: number('#EXT-X-DISCONTINUITY-SEQUENCE:') + lines.filter(line => line === '#EXT-X-DISCONTINUITY').length
  }
}
