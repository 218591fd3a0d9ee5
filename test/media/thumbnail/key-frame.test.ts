import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { findKeyFrame, newestSequences, type Listed } from '../../../src/media/thumbnail/key-frame.ts'
import { framesIn, writeTransportStream } from '../mpegts/transport-stream-writer.ts'

/** A segment whose only picture has so many frames of sound in front of it: its number tells it from others. */
function segmentWith (soundFrames: number): Buffer {
  return writeTransportStream([...soundOf(soundFrames), { kind: 'video', timeUs: 0, picture: 'idr' }])
}

const soundOf = (frames: number) => Array.from({ length: frames }, (_, index) => ({ kind: 'audio' as const, timeUs: index }))
const SOUND = writeTransportStream(soundOf(3))

function listed (firstSequence: number, segmentCount: number, inMemory: Record<number, Buffer> = {}): Listed {
  return { firstSequence, segmentCount, segment: sequence => inMemory[sequence] }
}

t.test('the newest segments of a stream that the server knows', async t => {
  t.strictSame(await newestSequences('/nowhere', listed(10, 100)), [109, 108, 107, 106, 105])
  t.strictSame(await newestSequences('/nowhere', listed(10, 2)), [11, 10], 'of this broadcast')
  t.strictSame(await newestSequences('/nowhere', listed(10, 0)), [])
})

t.test('the newest segments of a stream that is on disk alone', async t => {
  const folder = t.testdir({ 'stream.m3u8': '#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n' + [7, 8, 9, 10, 11, 12].map(sequence => `#EXTINF:2.000,\nsegment_${sequence}.ts\n`).join('') + '#EXT-X-ENDLIST\n' })
  t.strictSame(await newestSequences(folder, undefined), [12, 11, 10, 9, 8])
  t.strictSame(await newestSequences(join(folder, 'none'), undefined), [])
})

t.test('the key frame of the newest segment that has one: from memory, else from disk', async t => {
  const folder = join(t.testdir(), 'key')
  await mkdir(folder)
  for (const [sequence, segment] of [segmentWith(1), segmentWith(2), SOUND].entries()) await writeFile(join(folder, `segment_${sequence}.ts`), segment)
  const found = async (sequences: number[], inMemory?: Record<number, Buffer>) => {
    const picture = await findKeyFrame(folder, sequences, inMemory && listed(0, 4, inMemory))
    return picture && framesIn(picture)
  }
  t.strictSame(await found([0]), [1])
  t.strictSame(await found([1, 0]), [2])
  t.strictSame(await found([1, 0], { 1: segmentWith(9) }), [9], 'memory first')
  t.strictSame(await found([1, 0], { 0: segmentWith(9) }), [2], 'what is not in memory is on disk')
  t.strictSame(await found([2, 1, 0]), [2], 'sound alone is passed over')
  t.strictSame(await found([5, 1]), [2], 'so is what is gone')
  t.equal(await found([2]), undefined)
  t.equal(await found([]), undefined)
})
