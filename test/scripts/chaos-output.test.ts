import t from 'tap'
import { compareBroadcast, comparePieces, comparePlaces, describeComparison, type ReadBroadcast, type ReadSegment } from '../chaos/output.ts'
import { Random } from '../chaos/random.ts'
import { source, type Source } from '../chaos/source.ts'
import { table, totals, type Row } from '../chaos/table.ts'
import { ffmpeg } from '../fixtures/generate.ts'
import { readPlaylist } from '../fixtures/playlist.ts'
import { demux, type Pes } from '../fixtures/transport-stream.ts'

const SECONDS = 2
const PACKET_BYTES = 188
const PID_SDT = 17

t.test('pieces are counted: lost, twice, late, foreign', async t => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(text => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer]
  const all = [a, b, c]
  t.match(comparePieces([a, b, c], all), { lost: [], doubled: [], late: [], foreign: [] })
  t.match(comparePieces([a, c], all), { lost: [1], doubled: [], late: [], foreign: [] })
  t.match(comparePieces([a, b, b, c], all), { lost: [], doubled: [1], late: [], foreign: [] })
  t.match(comparePieces([b, a, c], all), { lost: [], doubled: [], late: [0], foreign: [] })
  t.match(comparePieces([a, d, b, c], all), { lost: [], doubled: [], late: [], foreign: [0] })
  t.match(comparePieces([], all), { lost: [0, 1, 2], doubled: [], late: [], foreign: [] })
  t.match(comparePlaces([0, 1, 1, 0, 7, undefined], 3), { lost: [2], doubled: [1, 0], late: [], foreign: [1, 1] })
  t.strictSame(describeComparison('pictures', comparePlaces([0, 4, 4, 3], 6)), ['3 pictures lost (1-2, 5)', '1 pictures published twice (4)', '1 pictures out of order (3)'])
  t.strictSame(describeComparison('pictures', comparePlaces([0, 2], 3), { gaps: true }), [], 'where losses are allowed')
})

/** A recording as one published segment. */
async function published ({ kind, bytes }: Source): Promise<ReadBroadcast> {
  const data = withoutDescription(await ffmpeg(['-f', 'matroska', '-i', 'pipe:0', ...(kind === 'vp8-webm' ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-c:a', 'aac'] : ['-c', 'copy']), '-muxdelay', '0', '-f', 'mpegts', 'pipe:1'], bytes))
  const playlist = readPlaylist(`#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXTINF:${SECONDS}.000,\nsegment_0.ts\n#EXT-X-ENDLIST\n`)
  return { playlist, segments: [{ ...playlist.segments[0]!, data, ts: demux(data) }], problems: [] }
}

/** FFmpeg names the service in packets that our segments do not have. */
function withoutDescription (mpegts: Buffer): Buffer {
  const packets = Array.from({ length: mpegts.length / PACKET_BYTES }, (_, index) => mpegts.subarray(index * PACKET_BYTES, (index + 1) * PACKET_BYTES))
  return Buffer.concat(packets.filter(packet => (packet.readUInt16BE(1) & 0x1fff) !== PID_SDT))
}

/** The same broadcast with its frames of a kind in another way. */
function withFrames (broadcast: ReadBroadcast, kind: Pes['kind'], change: (frames: Pes[]) => Pes[]): ReadBroadcast {
  const segments = broadcast.segments.map((segment): ReadSegment => {
    const others = segment.ts.pes.filter(pes => pes.kind !== kind)
    return { ...segment, ts: { ...segment.ts, pes: [...others, ...change(segment.ts.pes.filter(pes => pes.kind === kind))] } }
  })
  return { ...broadcast, segments }
}

const CHANGES: Record<string, { change: (frames: Pes[]) => Pes[], told: RegExp }> = {
  dropped: { change: frames => frames.toSpliced(7, 1), told: /lost/ },
  doubled: { change: frames => frames.toSpliced(7, 0, frames[7]!), told: /twice/ },
  swapped: { change: frames => frames.toSpliced(7, 2, frames[8]!, frames[7]!), told: /out of order/ },
  damaged: { change: frames => frames.with(7, { ...frames[7]!, data: Buffer.from(frames[7]!.data.map((byte, at, { length }) => at === length - 3 ? byte ^ 1 : byte)) }), told: /not in the source/ }
}

t.test('copied: one frame that is dropped, doubled, swapped or damaged is found', async t => {
  const recording = await source('h264-matroska', SECONDS)
  const broadcast = await published(recording)
  const whole = await compareBroadcast(broadcast, recording)
  t.strictSame(whole.problems, [], 'as it is, nothing is wrong')
  t.equal(whole.pictures, recording.pictures)
  for (const kind of ['video', 'audio'] as const) {
    for (const [name, { change, told }] of Object.entries(CHANGES)) {
      const { problems } = await compareBroadcast(withFrames(broadcast, kind, change), recording)
      t.match(problems.join('; '), told, `${kind} ${name}: ${problems.join('; ')}`)
    }
  }
  const { problems } = await compareBroadcast(withFrames(broadcast, 'video', CHANGES['dropped']!.change), recording, { gaps: true })
  t.strictSame(problems, [], 'where losses are allowed')
  const doubled = await compareBroadcast(withFrames(broadcast, 'video', CHANGES['doubled']!.change), recording, { misplaced: true })
  t.strictSame([doubled.problems, doubled.misplacedMs], [[], [280]], 'where the caller judges')
  t.match((await compareBroadcast(broadcast, recording, { ended: false })).problems, ['there is an ENDLIST'])
})

t.test('transcoded: pictures are told by their numbers, sound by its times', async t => {
  const recording = await source('vp8-webm', SECONDS)
  const broadcast = await published(recording)
  t.strictSame((await compareBroadcast(broadcast, recording)).problems, [], 'as it is, nothing is wrong')
  const twice = { ...broadcast, segments: [...broadcast.segments, { ...broadcast.segments[0]!, discontinuity: true }] }
  t.match((await compareBroadcast(twice, recording)).problems.join('; '), /50 pictures published twice \(0-49\).*the sound goes from/)
  const short = withFrames(broadcast, 'audio', frames => frames.slice(0, -20))
  t.match((await compareBroadcast(short, recording)).problems.join('; '), /ms of sound, 2000 in the source/)
  const other = await source('vp8-webm', SECONDS + 1)
  t.match((await compareBroadcast(broadcast, other)).problems.join('; '), /25 pictures lost \(50-74\)/)
})

t.test('random numbers are those of the seed and the labels', async t => {
  const draw = (random: Random) => Array.from({ length: 5 }, () => random.next())
  t.strictSame(draw(new Random(7)), draw(new Random(7)))
  t.notSame(draw(new Random(7)), draw(new Random(8)))
  const drawn = new Random(7)
  draw(drawn)
  t.strictSame(draw(drawn.fork('a')), draw(new Random(7).fork('a')), 'a fork does not depend on what was drawn before')
  t.notSame(draw(new Random(7).fork('a')), draw(new Random(7).fork('b')))
  const many = Array.from({ length: 2_000 }, (_, index) => new Random(7).fork(index).integer(1, 6))
  t.strictSame([...new Set(many)].sort(), [1, 2, 3, 4, 5, 6])
  t.ok([1, 6].every(face => many.filter(value => value === face).length > 250), 'both ends come as often as the others')
})

t.test('the table: what was not run has not passed', async t => {
  const row = (more: Partial<Row>): Row => ({ id: 'a', name: 'a | b', goal: 'none', runs: 3, plannedRuns: 3, measured: 'all', verdict: 'passed', failures: [], seconds: 1, ...more })
  const report = { seed: 5, form: 'short' as const, rows: [row({}), row({ verdict: 'not run', runs: 0 }), row({ verdict: 'FAILED' })] }
  t.strictSame(totals(report), { passed: 1, failed: 2 })
  t.match(table(report), /^Seed 5, short form, 3 s\n\n\| Fault \| Runs \| Goal \| Measured \| Result \|\n\|---.*\n\| a \\\| b \| 3 \| none \| all \| passed \|\n.*\| 0 of 3 \|.*not run/)
})
