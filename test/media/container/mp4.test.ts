import t from 'tap'
import { ContainerReader } from '../../../src/media/container/reader.ts'
import { avcC, IDR, NON_IDR, sps, withLengths } from './h264-writer.ts'
import { AUDIO, audioEntry, box, fragment, FTYP, fullBox, header, longBox, mdat, SUBTITLES, u32, u64, VIDEO, visualEntry, type RunFields, type TrackFields } from './mp4-writer.ts'
import { framesOf, LIMITS, read } from './reading.ts'

const HEADER = header(VIDEO, AUDIO)
const LARGE_FREE = box('free', Buffer.alloc(300))

function h264 (children: Buffer): TrackFields {
  return { ...VIDEO, entry: visualEntry('avc1', 64, 48, children) }
}

t.test('the header is ftyp and moov', async t => {
  const [ftyp, moov] = [HEADER.subarray(0, FTYP.length), HEADER.subarray(FTYP.length)]
  const { inits: [init], damage } = read(Buffer.concat([ftyp, LARGE_FREE, box('pdin', Buffer.alloc(9)), moov, LARGE_FREE]))
  t.strictSame(damage, [])
  t.strictSame(init?.bytes, HEADER)
  t.match(init, {
    container: 'mp4',
    video: { kind: 'video', id: 1, codec: 'vp9', width: 64, height: 48, copyable: false },
    audio: { kind: 'audio', id: 2, codec: 'opus', sampleRate: 48000, channels: 2, copyable: false }
  })
})

t.test('sample entries', async t => {
  const esds = (objectType: number, config: string): Buffer => {
    const specific = Buffer.from(config, 'hex')
    const decoder = Buffer.concat([Buffer.from([objectType]), Buffer.alloc(12), Buffer.from([5, specific.length]), specific])
    return fullBox('esds', 0, 0, Buffer.from([3, 0x80, 0x80, decoder.length + 10, 0, 0, 0x60, 2, 0x61, 0x62, 0, 0, 4, decoder.length]), decoder)
  }
  const quickTime = (version: number, fields: Buffer): Buffer => box('mp4a', Buffer.alloc(8), Buffer.from([0, version]), Buffer.alloc(6), Buffer.from([0, 2, 0, 16, 0, 0, 0, 0]), u32(44100 * 0x10000), fields)
  for (const type of ['vp08', 'vp09', 'av01'] as const) {
    t.match(read(header({ ...VIDEO, entry: visualEntry(type, 64, 48) })).inits, [{ video: { codec: { vp08: 'vp8', vp09: 'vp9', av01: 'av1' }[type] } }], type)
  }
  for (const type of ['avc1', 'avc3']) {
    const wide = box('avcC', avcC(sps({ blocksWide: 8 })))
    t.match(read(header({ ...VIDEO, entry: visualEntry(type, 64, 48, wide) })).inits, [{ video: { codec: 'h264', width: 128, height: 48, copyable: true } }], type)
  }
  for (const type of ['ipcm', 'fpcm', 'sowt', 'twos', 'lpcm']) {
    t.match(read(header({ ...AUDIO, entry: audioEntry(type) })).inits, [{ audio: { codec: 'pcm', sampleRate: 48000, channels: 2 } }], type)
  }
  const aac = { codec: 'aac', sampleRate: 48000, channels: 2, copyable: true }
  t.match(read(header({ ...AUDIO, entry: audioEntry('mp4a', esds(0x40, '1190')) })).inits, [{ audio: aac }])
  t.match(read(header({ ...AUDIO, entry: quickTime(1, Buffer.concat([Buffer.alloc(16), box('wave', box('frma', Buffer.from('mp4a')), esds(0x40, '1190'), Buffer.alloc(4))])) })).inits, [{ audio: aac }], 'QuickTime, version 1')
  t.match(read(header({ ...AUDIO, entry: quickTime(2, Buffer.concat([Buffer.alloc(4), Buffer.from('40e7700000000000', 'hex'), u32(2), Buffer.alloc(20), esds(0x40, '1190')])) })).inits, [{ audio: aac }], 'QuickTime, version 2')
  t.match(read(header({ ...AUDIO, entry: audioEntry('mp4a', esds(0x67, '1190')) })).damage, [{ reason: 'unsupported', message: /mp4a\.67/ }])
  const two = { ...VIDEO, entry: Buffer.concat([VIDEO.entry, VIDEO.entry]) }
  t.match(read(header(two)).damage, [{ reason: 'unsupported', message: /changes/ }])
  t.match(read(header(VIDEO, { ...AUDIO, id: 1 })).damage, [{ reason: 'bad-header', message: /same id/ }])
  t.match(read(header(SUBTITLES)).damage, [{ reason: 'unsupported', message: /neither/ }])
})

t.test('a unit is a fragment', async t => {
  const first = fragment([{ sizes: [10, 20], at: 50 }, { track: 2, sizes: [15, 15], at: 10 }])
  const second = fragment([{ time: 40 }])
  const dropped = [box('styp', Buffer.alloc(8)), box('sidx', Buffer.alloc(24)), box('prft', Buffer.alloc(20)), box('emsg', Buffer.alloc(30)), box('uuid', Buffer.alloc(16)), LARGE_FREE]
  const { units, damage, settled } = read(Buffer.concat([HEADER, ...dropped, first, ...dropped, second, box('mfra', Buffer.alloc(8))]))
  t.strictSame(damage, [])
  t.strictSame(units.map(unit => unit.bytes), [first, second])
  t.strictSame(units.map(unit => unit.lead), [undefined, undefined])
  t.equal(units[0]?.start, HEADER.length + Buffer.concat(dropped).length)
  t.equal(units[0]?.end, (units[0]?.start ?? 0) + first.length)
  t.ok(settled > (units[1]?.end ?? Infinity))
  t.strictSame(units[0]?.frames, [
    { kind: 'audio', timeUs: 0, key: true },
    { kind: 'audio', timeUs: 417, key: true },
    { kind: 'video', timeUs: 0, key: true },
    { kind: 'video', timeUs: 20_000, key: false }
  ], 'frames in the order of their data')
  t.strictSame(units[1]?.frames.map(frame => frame.timeUs), [40_000, 60_000])
})

t.test('whole fragments that are missing, or come again, are told where the recorder counts', async t => {
  const numbered = (...numbers: number[]) => read(Buffer.concat([HEADER, ...numbers.map((number, index) => fragment([{ time: 40 * index }], mdat(100), number))]))
  for (const { numbers, told } of [
    { numbers: [1, 2, 3, 4], told: [] },
    { numbers: [7, 8, 9], told: [] },
    { numbers: [1, 1, 1, 1], told: [] },
    { numbers: [1, 5, 9], told: [] },
    { numbers: [1, 2, 4, 5], told: ['Fragment 4 follows fragment 2'] },
    { numbers: [1, 2, 2, 3], told: ['Fragment 2 follows fragment 2'] },
    { numbers: [1, 2, 4, 3, 5], told: ['Fragment 4 follows fragment 2', 'Fragment 3 follows fragment 4', 'Fragment 5 follows fragment 3'] }
  ]) {
    const { damage, units } = numbered(...numbers)
    t.strictSame(damage.map(({ message }) => message), told, numbers.join(' '))
    t.equal(units.length, numbers.length, 'each of them is whole')
  }
})

t.test('boxes in a fragment', async t => {
  const [free, data] = [LARGE_FREE, mdat(100)]
  const cases: [string, Buffer][] = [
    ['with a long size', fragment([{ at: 8 }], longBox('mdat', Buffer.alloc(100)))],
    ['before the data', fragment([{ at: free.length }], Buffer.concat([free, data]))]
  ]
  for (const [name, bytes] of cases) {
    for (const sizes of [[bytes.length], [1]]) {
      const { units, damage } = read(Buffer.concat([HEADER, bytes]), { sizes })
      t.strictSame(damage, [], name)
      t.strictSame(units.map(unit => unit.bytes), [bytes], name)
    }
  }
})

t.test('fragments of unused tracks are nothing', async t => {
  const { units, damage, settled } = read(Buffer.concat([header(VIDEO, SUBTITLES), fragment([{ track: 3 }]), fragment([{ track: 3, sizes: [10] }, { sizes: [20], at: 10 }])]))
  t.strictSame(damage, [])
  t.equal(units.length, 1)
  t.strictSame(units[0]?.frames, [{ kind: 'video', timeUs: 0, key: true }])
  t.equal(settled, units[0]?.end)
})

t.test('times', async t => {
  const timesWith = (elst: Buffer | undefined, time: number): number[] => {
    const track = elst === undefined ? VIDEO : { ...VIDEO, elst }
    return framesOf(read(Buffer.concat([header(track), fragment([{ time }])])).units, 'video').map(frame => frame.timeUs)
  }
  t.strictSame(timesWith(undefined, 7), [7000, 27_000])
  t.strictSame(timesWith(fullBox('elst', 0, 0, u32(1, 0, 7, 0x10000)), 7), [0, 20_000], 'what is before the first edit is negative')
  t.strictSame(timesWith(fullBox('elst', 0, 0, u32(1, 0, 17, 0x10000)), 7), [-10_000, 10_000])
  t.strictSame(timesWith(fullBox('elst', 0, 0, u32(2, 900, -1, 0x10000, 0, 7, 0x10000)), 7), [1_500_000, 1_520_000], 'an empty edit in the ticks of the movie')
  t.strictSame(timesWith(fullBox('elst', 1, 0, u32(2), u64(600), u64(-1), u32(0x10000), u64(0), u64(7), u32(0x10000)), 7), [1_000_000, 1_020_000], 'in 64 bits')
  t.strictSame(timesWith(fullBox('elst', 0, 0, u32(2, 0, 7, 0x10000, 0, 5, 0x10000)), 7), [0, 20_000], 'later edits do not count')
  t.strictSame(timesWith(undefined, 2 ** 42), [2 ** 42 * 1000, (2 ** 42 + 20) * 1000], 'beyond what ticks times a million can be')

  const noTime = (run: RunFields): Buffer => Buffer.from(fragment([run]).toString('latin1').replace('tfdt', 'free'), 'latin1')
  const { units } = read(Buffer.concat([HEADER, noTime({}), noTime({ sizes: [1] }), noTime({ sizes: [1] })]))
  t.strictSame(framesOf(units, 'video').map(frame => frame.timeUs), [0, 20_000, 40_000, 60_000], 'fragments that do not tell follow each other')
})

t.test('composition offsets have a sign in every version', async t => {
  for (const version of [0, 1]) {
    const run = fullBox('trun', version, 0x01 | 0x200 | 0x800, u32(2, 0, 10, 30, 10, -10))
    const moof = box('moof', fullBox('mfhd', 0, 0, u32(1)), box('traf', fullBox('tfhd', 0, 0x020008, u32(1, 20)), fullBox('tfdt', 0, 0, u32(100)), run))
    moof.writeInt32BE(moof.length + 8, moof.indexOf('trun') + 12)
    const { units } = read(Buffer.concat([HEADER, moof, mdat(20)]))
    t.strictSame(framesOf(units, 'video').map(frame => frame.timeUs), [130_000, 110_000])
  }
})

t.test('H.264 goes by what is in the samples', async t => {
  const wide = sps({ blocksWide: 8 })
  const samples = [withLengths(sps(), IDR), withLengths(NON_IDR), withLengths(wide, IDR)]
  const sizes = samples.map(sample => sample.length)
  const bytes = Buffer.concat([header(h264(box('avcC', avcC(sps())))), fragment([{ sizes: sizes.slice(0, 2), flags: 0 }], box('mdat', ...samples)), fragment([{ sizes, flags: 0 }], box('mdat', ...samples))])
  const { events, units, inits } = read(bytes)
  t.strictSame(events.map(event => event.type), ['init', 'unit', 'init', 'unit'])
  t.strictSame(units[1]?.frames.map(frame => frame.key), [true, false, true])
  t.strictSame(inits.map(init => init.video?.width), [64, 128])

  const bare = read(Buffer.concat([header(h264(box('avcC', avcC()))), fragment([{ sizes }], box('mdat', ...samples))]))
  t.strictSame(bare.events.map(event => event.type), ['init', 'unit'], 'the header waits for the first parameter sets')
  t.strictSame(bare.inits.map(init => init.video?.width), [128])
})

t.test('positions in the file', async t => {
  const traf = (track: number, base: number, runs: Buffer[]): Buffer => box('traf', fullBox('tfhd', 0, 0x01 | 0x08, u32(track), u64(base), u32(20)), fullBox('tfdt', 0, 0, u32(0)), ...runs)
  const run = (offset: number | undefined, sizes: number[]): Buffer => fullBox('trun', 0, (offset === undefined ? 0 : 0x01) | 0x200, u32(sizes.length, ...(offset === undefined ? [] : [offset]), ...sizes))
  const mfhd = fullBox('mfhd', 0, 0, u32(1))
  const data = Buffer.concat([withLengths(IDR), withLengths(NON_IDR), withLengths(NON_IDR), Buffer.from('sound')])
  const moof = box('moof', mfhd, traf(1, 70_000, [run(undefined, [8]), run(undefined, [8]), run(16, [8])]), traf(2, 69_000, [run(1024, [5])]))
  const { units: [unit], damage } = read(Buffer.concat([header(h264(box('avcC', avcC(sps()))), AUDIO), moof, box('mdat', data)]))
  t.strictSame(damage, [])
  t.strictSame(unit?.frames.map(frame => [frame.kind, frame.key]), [['video', true], ['video', false], ['video', false], ['audio', true]])

  const again = read(Buffer.concat([header(h264(box('avcC', avcC(sps()))), AUDIO), unit?.bytes ?? Buffer.alloc(0)]))
  t.strictSame(again.units[0]?.frames, unit?.frames, 'the new fragment says the same')
  t.strictSame(again.units[0]?.bytes, unit?.bytes, 'and need not be changed again')
  t.equal(unit?.bytes.length, moof.length - 2 * 8 + 4 + 8 + data.length, 'two positions less, one offset more')
  t.equal(unit?.end, unit === undefined ? undefined : unit.start + moof.length + 8 + data.length, 'the place is that of the recording\'s own bytes')
})

t.test('fragments that make no sense', async t => {
  const good = fragment([{ time: 500 }])
  const moof = (...trafs: Buffer[]): Buffer => Buffer.concat([box('moof', fullBox('mfhd', 0, 0, u32(1)), ...trafs), mdat(100)])
  const tfhd = fullBox('tfhd', 0, 0x020008, u32(1, 20))
  const atFile = box('traf', fullBox('tfhd', 0, 0x01, u32(1), u64(0)), fullBox('trun', 0, 0x201, u32(1, 0, 5)))
  const atMoof = box('traf', tfhd, fullBox('trun', 0, 0x201, u32(1, 200, 5)))
  const cases: [string, Buffer, RegExp][] = [
    ['a track that is not named', fragment([{ track: 9 }]), /track 9/],
    ['samples beyond the data', fragment([{ sizes: [50, 51] }]), /outside/],
    ['samples before the data', fragment([{ at: -8 }]), /outside/],
    ['no tfhd', moof(box('traf', fullBox('tfdt', 0, 0, u32(0)))), /tfhd/],
    ['two tfhd', moof(box('traf', tfhd, tfhd)), /tfhd/],
    ['a run first', moof(box('traf', fullBox('trun', 0, 0, u32(0)))), /before/],
    ['a run that is cut off', moof(box('traf', tfhd, fullBox('trun', 0, 0x200, u32(9, 1)))), /cut off/],
    ['a box too large for its place', moof(box('traf', tfhd.subarray(0, 12))), /larger/],
    ['two ways of counting', moof(atMoof, atFile), /two ways/],
    ['a time beyond everything', fragment([{ time: -1 }]), /too large/],
    ['samples without end', moof(box('traf', tfhd, fullBox('trun', 0, 0, u32(0xffffffff)))), /samples/],
    ['no data', fragment([{}], Buffer.alloc(0)), /without data/],
    ['data alone', mdat(50), /without a fragment/],
    ['no box', Buffer.from('00000004 6d6f6f66'.replace(' ', ''), 'hex'), /no box/],
    ['a box without an end', box('free', Buffer.alloc(5)).fill(0, 0, 4), /without an end/]
  ]
  for (const [name, bad, message] of cases) {
    const { events, units } = read(Buffer.concat([HEADER, fragment([{}]), bad, good]), { sizes: [11] })
    t.strictSame(events.map(event => event.type), ['init', 'unit', 'damage', 'unit'], name)
    t.match(events[2], { fatal: false, message, offset: HEADER.length + fragment([{}]).length }, name)
    t.equal(units[1]?.frames[0]?.timeUs, 500_000, name)
  }
})

t.test('where the reader stands', async t => {
  const reader = new ContainerReader(LIMITS)
  const whole = fragment([{}])
  reader.push(HEADER.subarray(0, -1))
  t.equal(reader.settled, 0, 'the header is settled when it is told')
  t.equal(reader.buffered, HEADER.length - 1)
  reader.push(HEADER.subarray(-1))
  t.equal(reader.settled, HEADER.length)
  reader.push(whole.subarray(0, -1))
  t.equal(reader.settled, HEADER.length)
  t.equal(reader.buffered, whole.length - 1)
  reader.push(whole.subarray(-1))
  t.equal(reader.settled, HEADER.length + whole.length)
  t.equal(reader.buffered, 0)
})
