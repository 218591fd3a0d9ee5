import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { completeLivestreamOptions } from '../../../src/config/load.ts'
import { Packager, type PackagerSettings } from '../../../src/media/hls/packager.ts'
import { parseSegmentName, segmentName } from '../../../src/media/hls/playlist.ts'
import { readPlaylist, type Playlist } from '../../fixtures/playlist.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

interface Segment { bytes: number, durationMs: number, discontinuity: boolean }

interface PackagerInput {
  liveWindowSegments: number
  memoryWindowBytes: number
  /** One after the other on the same key. */
  broadcasts: Array<{ segments: Segment[], ended: boolean }>
}

const TARGET_SECONDS = 2
const BEGAN_MS = Date.UTC(2024, 0, 1)

/** Where each segment of a broadcast has to stand. */
interface Expected { sequence: number, continuity: number, durationMs: number }

function expectedOf (segments: Segment[], firstSequence: number, firstContinuity: number): Expected[] {
  let continuity = firstContinuity
  return segments.map(({ durationMs, discontinuity }, index) => {
    if (discontinuity && index > 0) continuity++
    return { sequence: firstSequence + index, continuity, durationMs }
  })
}

async function check ({ broadcasts, ...windows }: PackagerInput): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'headwater-fuzz-packager-'))
  const settings: PackagerSettings = { ...completeLivestreamOptions({}), ...windows, segmentTargetSeconds: TARGET_SECONDS }
  const files = new Map<number, Buffer>()
  try {
    let nextSequence = 0
    let nextContinuity = 0
    for (const { segments, ended } of broadcasts) {
      const packager = await Packager.open(join(root, 'key'), settings)
      must(packager.firstSequence === nextSequence, () => `numbering goes on at ${packager.firstSequence}, not ${nextSequence}`)
      const expected = expectedOf(segments, nextSequence, nextContinuity)
      for (const [index, { bytes, durationMs, discontinuity }] of segments.entries()) {
        const data = Buffer.alloc(bytes, index)
        const { sequence } = await packager.add({ data, durationMs, discontinuity, programDateTimeMs: BEGAN_MS + index })
        files.set(sequence, data)
        must(packager.memoryBytes <= settings.memoryWindowBytes, () => `${packager.memoryBytes} bytes are in memory`)
        checkWindow(readPlaylist(packager.livePlaylist.body.toString()), expected.slice(0, index + 1), settings.liveWindowSegments)
      }
      if (ended) await packager.end()
      await checkFolder(packager, expected, files, ended)
      nextSequence += segments.length
      // A broadcast that listed nothing is no new story, but its playlist has counted itself.
      if (nextSequence > 0) nextContinuity = (expected.at(-1)?.continuity ?? nextContinuity) + 1
    }
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function checkWindow (live: Playlist, listed: Expected[], windowSegments: number): void {
  sameSegments(live, listed.slice(-windowSegments))
  must(live.mediaSequence === listed.slice(-windowSegments)[0]?.sequence, 'the window begins at its first segment')
}

async function checkFolder (packager: Packager, expected: Expected[], files: ReadonlyMap<number, Buffer>, ended: boolean): Promise<void> {
  const text = await readFile(join(packager.folder, 'stream.m3u8'), 'utf8')
  must(text === packager.eventPlaylist.body.toString(), 'the playlist on disk is another one than is served')
  const event = readPlaylist(text)
  must(event.ended === ended, 'ended or not')
  sameSegments(event, expected)
  const names = await readdir(packager.folder)
  must(names.every(name => !name.endsWith('.part')), () => `something is left: ${names.join()}`)
  must(names.filter(name => parseSegmentName(name) !== undefined).length === files.size, 'as many files as segments')
  for (const [sequence, data] of files) must(data.equals(await readFile(join(packager.folder, segmentName(sequence)))), () => `segment ${sequence} has other bytes`)
}

function sameSegments ({ segments }: Playlist, expected: Expected[]): void {
  must(segments.length === expected.length, () => `${segments.length} segments, not ${expected.length}`)
  for (const [index, { sequence, continuity, durationMs }] of segments.entries()) {
    const own = expected[index]!
    must(sequence === own.sequence && continuity === own.continuity && durationMs === own.durationMs, () => `segment ${sequence} (${continuity}) stands where ${own.sequence} (${own.continuity}) should`)
  }
}

const segment = fc.record({ bytes: fc.integer({ min: 1, max: 400 }), durationMs: fc.integer({ min: 1, max: 2_499 }), discontinuity: fc.boolean() })

/** src/media/hls/packager.ts in a real folder: one broadcast after the other on a key. */
export const packager: FuzzTarget<PackagerInput> = {
  id: 'packager',
  oneIn: 200,
  inputs: fc.record({
    liveWindowSegments: fc.integer({ min: 3, max: 6 }),
    memoryWindowBytes: fc.constantFrom(0, 500, 32_000_000),
    broadcasts: fc.array(fc.record({ segments: fc.array(segment, { maxLength: 10 }), ended: fc.boolean() }), { minLength: 1, maxLength: 3 })
  }),
  open: withoutSetup(check)
}
