import fc from 'fast-check'
import t from 'tap'
import { ENDLIST, listedSequences, parseSegmentName, playlistEntry, playlistHead, segmentName, summarisePlaylist, type ListedSegment } from '../../../src/media/hls/playlist.ts'
import { readPlaylist } from '../../fixtures/playlist.ts'

const SEGMENT: ListedSegment = { sequence: 0, durationMs: 2000, bytes: 1, discontinuity: false, programDateTimeMs: Date.UTC(2024, 0, 1, 12) }

t.test('HLS-07: the head of the documented playlist', async t => {
  t.equal(playlistHead({ targetSeconds: 2, mediaSequence: 0, discontinuitySequence: 0, event: true }), '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEPENDENT-SEGMENTS\n\n')
  t.equal(playlistHead({ targetSeconds: 3, mediaSequence: 17, discontinuitySequence: 4, event: false }), '#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:17\n#EXT-X-DISCONTINUITY-SEQUENCE:4\n#EXT-X-INDEPENDENT-SEGMENTS\n\n')
})

t.test('HLS-21: entries, with three decimals', async t => {
  t.equal(playlistEntry(SEGMENT, false), '#EXTINF:2.000,\nsegment_0.ts\n')
  t.equal(playlistEntry({ ...SEGMENT, sequence: 12, durationMs: 1961 }, true), '#EXT-X-PROGRAM-DATE-TIME:2024-01-01T12:00:00.000Z\n#EXTINF:1.961,\nsegment_12.ts\n')
  t.equal(playlistEntry({ ...SEGMENT, sequence: 3, discontinuity: true }, false), '#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2024-01-01T12:00:00.000Z\n#EXTINF:2.000,\nsegment_3.ts\n')
})

t.test('names of segments', async t => {
  fc.assert(fc.property(fc.nat(), sequence => parseSegmentName(segmentName(sequence)) === sequence))
  for (const name of ['segment_.ts', 'segment_1.ts.part', 'segment_-1.ts', 'segment_1.mp4', 'xsegment_1.ts', 'segment_1e3.ts', 'stream.m3u8', 'segment_1234567890123456.ts', 'segment_1.ts\n']) t.equal(parseSegmentName(name), undefined, name)
})

t.test('what a playlist says is read back, by hls.js and by a server that starts anew', async () => {
  const segments = fc.array(fc.record({ durationMs: fc.integer({ min: 1, max: 2499 }), discontinuity: fc.boolean() }), { maxLength: 30 })
  fc.assert(fc.property(segments, fc.nat({ max: 1_000_000 }), fc.nat({ max: 1000 }), fc.boolean(), (segments, mediaSequence, discontinuitySequence, ended) => {
    const listed = segments.map((segment, index) => ({ ...SEGMENT, ...segment, discontinuity: segment.discontinuity && index > 0, sequence: mediaSequence + index }))
    const text = playlistHead({ targetSeconds: 2, mediaSequence, discontinuitySequence, event: true }) + listed.map((segment, index) => playlistEntry(segment, index === 0)).join('') + (ended ? ENDLIST : '')
    const summary = summarisePlaylist(text)
    const nextDiscontinuity = discontinuitySequence + listed.filter(({ discontinuity }) => discontinuity).length
    const isSummarised = summary.ended === ended && summary.nextSequence === mediaSequence + listed.length && summary.discontinuitySequence === nextDiscontinuity
    if (listed.map(({ sequence }) => sequence).join() !== listedSequences(text).join()) return false
    if (listed.length === 0) return isSummarised
    const read = readPlaylist(text)
    return isSummarised && read.ended === ended && read.mediaSequence === mediaSequence && read.discontinuitySequence === discontinuitySequence &&
      read.segments.every(({ name, durationMs, discontinuity }, index) => name === segmentName(mediaSequence + index) && durationMs === listed[index]!.durationMs && discontinuity === listed[index]!.discontinuity) &&
      read.segments.length === listed.length && read.segments.at(-1)!.continuity === nextDiscontinuity
  }))
})

t.test('no playlist says that nothing was numbered', async t => {
  t.strictSame(summarisePlaylist(''), { ended: false, nextSequence: 0, discontinuitySequence: 0 })
})
