/** Whether something stands at a place: yes, no, or more bytes are needed to tell. */
export type Verdict = 'yes' | 'no' | 'more'

/** Something that can be recognised without knowing what came before it. */
export interface Landmark {
  /** Bytes that are always in it. */
  needle: Buffer
  /** How many bytes after its start the needle stands. */
  needleAt: number
  /** Its very first byte, which is always the same. */
  firstByte: number
  /** Judges whether it starts at `at`, where the needle is known to fit. The answer for more bytes is never the opposite. */
  judge: (bytes: Buffer, at: number) => Verdict
}

export interface Sighting {
  /** The first place where a landmark stands, or else the place to look from when more bytes are there. */
  at: number
  found: boolean
}

// Looking for all landmarks in one stretch before the next keeps a landmark that is far away from
// being looked for again and again behind each one that is near.
const STRETCH = 4096

/** Looks for the first of several landmarks at or after `from`. */
export function search (bytes: Buffer, from: number, landmarks: readonly Landmark[]): Sighting {
  for (let start = from; start < bytes.length; start += STRETCH) {
    const sighting = searchStretch(bytes, start, start + STRETCH, landmarks)
    if (sighting !== undefined) return sighting
  }
  const reach = Math.max(...landmarks.map(landmark => landmark.needleAt + landmark.needle.length))
  let at = Math.max(from, bytes.length - reach + 1)
  while (at < bytes.length && landmarks.every(landmark => standsAt(landmark, bytes, at) === 'no')) at++
  return { at, found: false }
}

/** Whether a landmark stands at `at`, however few bytes follow. */
export function standsAt ({ needle, needleAt, firstByte, judge }: Landmark, bytes: Buffer, at: number): Verdict {
  if (at >= bytes.length) return 'more'
  if (bytes[at] !== firstByte) return 'no'
  for (let i = 0; i < needle.length; i++) {
    const byte = bytes[at + needleAt + i]
    if (byte === undefined) return 'more'
    if (byte !== needle[i]) return 'no'
  }
  return judge(bytes, at)
}

function searchStretch (bytes: Buffer, start: number, end: number, landmarks: readonly Landmark[]): Sighting | undefined {
  let first: Sighting | undefined
  for (const landmark of landmarks) {
    const sighting = firstOf(landmark, bytes, start, first?.at ?? end)
    if (sighting !== undefined) first = sighting
  }
  return first
}

function firstOf ({ needle, needleAt, judge }: Landmark, bytes: Buffer, start: number, end: number): Sighting | undefined {
  const window = bytes.subarray(0, end + needleAt + needle.length - 1)
  let hit = window.indexOf(needle, start + needleAt)
  while (hit >= 0) {
    const verdict = judge(bytes, hit - needleAt)
    if (verdict !== 'no') return { at: hit - needleAt, found: verdict === 'yes' }
    hit = window.indexOf(needle, hit + 1)
  }
  return undefined
}
