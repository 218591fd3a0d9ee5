import t from 'tap'
import { ContainerReader } from '../../../src/media/container/reader.ts'
import type { Unit } from '../../../src/media/container/types.ts'
import { avcC, IDR, NON_IDR, sps, withLengths, withStartCodes } from './h264-writer.ts'
import { audioEntry, blockBody, clusterHead, EBML_HEADER, element, header, openElement, SEGMENT, simpleBlock, text, tracks, uint, videoEntry } from './matroska-writer.ts'
import { LIMITS, read } from './reading.ts'

const HEADER = header(videoEntry(), audioEntry())
const INFO = element(0x1549a966, [uint(0x2ad7b1, 1_000_000), text(0x4d80, 'test')])
const VOID = element(0xec, Buffer.alloc(20))
const CUES = element(0x1c53bb6b, Buffer.alloc(30))
const TAGS = element(0x1254c367, Buffer.alloc(300))

function times (units: Unit[]): number[] {
  return units.map(unit => unit.frames[0]?.timeUs ?? NaN)
}

t.test('the header is put in normal form', async t => {
  const unused = videoEntry({ number: 5, codec: 'V_THEORA' })
  const sizes = Buffer.concat([
    EBML_HEADER, VOID,
    element(0x18538067, [element(0x114d9b74, Buffer.alloc(40)), VOID, INFO, TAGS, tracks(audioEntry(), videoEntry(), unused), CUES, element(0x1f43b675, [uint(0xe7, 0), simpleBlock()])])
  ])
  const { inits: [init], units, damage } = read(sizes)
  t.strictSame(damage, [])
  t.equal(units.length, 1)
  t.match(init?.bytes, Buffer.concat([EBML_HEADER, SEGMENT, INFO, tracks(audioEntry(), videoEntry())]))
  t.match(init, {
    container: 'matroska',
    video: { kind: 'video', id: 1, codec: 'vp8', width: 64, height: 48, copyable: false },
    audio: { kind: 'audio', id: 2, codec: 'opus', sampleRate: 48000, channels: 2, copyable: false }
  })
})

t.test('codecs go by their ids', async t => {
  for (const [id, codec] of [['V_VP8', 'vp8'], ['V_VP9', 'vp9'], ['V_AV1', 'av1'], ['V_MPEG4/ISO/AVC', 'h264']] as const) {
    const { inits: [init] } = read(Buffer.concat([header(videoEntry({ codec: id, codecPrivate: avcC(sps()) })), clusterHead(0)]))
    t.match(init, { video: { codec, width: 64, height: 48 }, audio: undefined }, id)
  }
  for (const [id, codec] of [['A_OPUS', 'opus'], ['A_VORBIS', 'vorbis'], ['A_AAC', 'aac'], ['A_AAC/MPEG4/LC', 'aac'], ['A_PCM/INT/LIT', 'pcm'], ['A_PCM/INT/BIG', 'pcm'], ['A_PCM/FLOAT/IEEE', 'pcm']] as const) {
    const { inits: [init] } = read(Buffer.concat([header(audioEntry({ codec: id, codecPrivate: Buffer.from('1190', 'hex') })), clusterHead(0)]))
    t.match(init, { audio: { codec, sampleRate: 48000, channels: 2, copyable: codec === 'aac' }, video: undefined }, id)
  }
  const { inits: [bare] } = read(Buffer.concat([header(audioEntry({ codec: 'A_AAC' })), clusterHead(0)]))
  t.match(bare, { audio: { codec: 'aac', copyable: false } }, 'AAC without a configuration')
})

t.test('units are blocks behind the head of their cluster', async t => {
  const video = simpleBlock({ payload: Buffer.from('v') })
  const audio = simpleBlock({ track: 2, time: 20, flags: 0 })
  const { units } = read(Buffer.concat([HEADER, clusterHead(100), video, audio, clusterHead(200), video]))
  const [first, second, third] = units
  t.equal(units.length, 3)
  t.strictSame(first?.bytes, video)
  t.strictSame(second?.bytes, audio)
  t.strictSame(first?.lead, Buffer.concat([openElement(0x1f43b675), Buffer.from('e7880000000000000064', 'hex')]))
  t.equal(second?.lead, first?.lead, 'the very same buffer in one cluster')
  t.strictSame(third?.lead?.subarray(-1), Buffer.from([200]))
  t.equal(first?.start, HEADER.length + clusterHead(100).length)
  t.equal(first?.end, second?.start)
  t.strictSame(units.map(unit => unit.frames), [
    [{ kind: 'video', timeUs: 100_000, key: true }],
    [{ kind: 'audio', timeUs: 120_000, key: true }],
    [{ kind: 'video', timeUs: 200_000, key: true }]
  ])
})

t.test('times', async t => {
  const around = read(Buffer.concat([HEADER, clusterHead(50), simpleBlock({ time: -30 }), simpleBlock({ time: 32767 })]))
  t.strictSame(times(around.units), [20_000, 32_817_000])
  const scale = element(0x1549a966, uint(0x2ad7b1, 22_675))
  const scaled = read(Buffer.concat([EBML_HEADER, SEGMENT, tracks(videoEntry()), scale, clusterHead(1_000_000), simpleBlock({ time: 3 })]))
  t.strictSame(times(scaled.units), [22_675_068], 'Info may come after Tracks, ticks need not be microseconds')
  const late = read(Buffer.concat([HEADER, clusterHead(2 ** 42), simpleBlock()]))
  t.strictSame(times(late.units), [2 ** 42 * 1000])
})

t.test('key frames', async t => {
  const group = (...children: Buffer[]): Buffer => element(0xa0, [element(0xa1, blockBody({ flags: 0 })), ...children])
  const { units, damage } = read(Buffer.concat([
    HEADER, clusterHead(0), simpleBlock({ flags: 0 }), simpleBlock({ flags: 0x80 }), group(), group(element(0xfb, Buffer.from([0xff]))),
    group(uint(0x9b, 20), element(0x75a1, Buffer.alloc(5)), VOID)
  ]))
  t.strictSame(damage, [])
  t.strictSame(units.map(unit => unit.frames[0]?.key), [false, true, true, false, true])
})

t.test('H.264 key frames go by what is in them', async t => {
  const h264 = header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', codecPrivate: avcC(sps()) }))
  const blocks = [
    simpleBlock({ flags: 0x80, payload: withLengths(NON_IDR) }),
    simpleBlock({ flags: 0, payload: withLengths(Buffer.from([9, 0x10]), IDR) }),
    simpleBlock({ flags: 0, payload: withStartCodes(sps(), IDR) })
  ]
  const { units, inits } = read(Buffer.concat([h264, clusterHead(0), ...blocks]))
  t.equal(inits.length, 1)
  t.strictSame(units.map(unit => unit.frames[0]?.key), [false, true, true])

  const twoSets = avcC(sps({ blocksWide: 8 }), sps({ id: 1, profile: 122, chromaFormat: 2 }))
  const { inits: [mixed] } = read(Buffer.concat([header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', codecPrivate: twoSets })), clusterHead(0)]))
  t.match(mixed?.video, { width: 128, copyable: false }, 'the first parameter set has the size, all of them have to be copyable')
})

t.test('a block with lacing is one unit', async t => {
  const laced = simpleBlock({ track: 2, time: 5, flags: 0x84, payload: Buffer.from('020102030405060708090a', 'hex') })
  const { units, damage } = read(Buffer.concat([HEADER, clusterHead(0), laced]))
  t.strictSame(damage, [])
  t.strictSame(units.map(unit => unit.bytes), [laced])
  t.strictSame(units[0]?.frames, [{ kind: 'audio', timeUs: 5000, key: true }])

  const video = read(Buffer.concat([HEADER, clusterHead(0), simpleBlock({ flags: 0x84 })]))
  t.match(video.damage, [{ reason: 'lost-sync', message: /lacing/ }], 'video cannot be looked into then')
})

t.test('what no demuxer needs is dropped', async t => {
  const position = uint(0xa7, 5)
  const other = simpleBlock({ track: 3 })
  const known = element(0x1f43b675, [element(0xbf, Buffer.alloc(4)), VOID, uint(0xab, 7), uint(0xe7, 7), simpleBlock(), VOID])
  const { units, damage, settled } = read(Buffer.concat([
    header(videoEntry(), audioEntry(), audioEntry({ number: 3 })),
    clusterHead(1), position, simpleBlock(), other, VOID, CUES, known, TAGS, INFO, known, VOID, CUES
  ]))
  t.strictSame(damage, [])
  t.equal(units.length, 3)
  t.ok(units.every(unit => unit.bytes.equals(simpleBlock())))
  t.ok(settled > (units[2]?.end ?? Infinity), 'what is dropped is settled too')
})

t.test('a new EBML header is a new run', async t => {
  const second = header(videoEntry({ codec: 'V_VP9', width: 32 }))
  const run = Buffer.concat([HEADER, clusterHead(0), simpleBlock()])
  for (const between of [Buffer.alloc(0), CUES, VOID]) {
    const { events, inits, damage } = read(Buffer.concat([run, between, second, clusterHead(9), simpleBlock()]))
    t.strictSame(damage, [])
    t.strictSame(events.map(event => event.type), ['init', 'unit', 'init', 'unit'])
    t.match(inits[1]?.video, { codec: 'vp9', width: 32 })
  }
  const { events } = read(Buffer.concat([EBML_HEADER, SEGMENT, INFO, run]))
  t.strictSame(events.map(event => event.type), ['init', 'unit'], 'a run without media is nothing')
})

t.test('other parameter sets begin a new epoch', async t => {
  const codec = 'V_MPEG4/ISO/AVC'
  const wide = sps({ blocksWide: 8 })
  const colourful = sps({ profile: 122, chromaFormat: 2 })
  const { events, inits } = read(Buffer.concat([
    header(videoEntry({ codec, codecPrivate: avcC(sps()) })), clusterHead(0),
    simpleBlock({ payload: withLengths(sps(), IDR) }),
    simpleBlock({ payload: withLengths(NON_IDR) }),
    simpleBlock({ payload: withLengths(wide, IDR) }),
    simpleBlock({ payload: withLengths(wide, IDR) }),
    simpleBlock({ payload: withLengths(colourful, IDR) })
  ]))
  t.strictSame(events.map(event => event.type), ['init', 'unit', 'unit', 'init', 'unit', 'unit', 'init', 'unit'])
  t.strictSame(inits.map(init => init.video).map(video => [video?.width, video?.height, video?.copyable]), [[64, 48, true], [128, 48, true], [64, 48, false]])
  t.equal(inits[1]?.bytes, inits[0]?.bytes, 'the header bytes stay')
})

t.test('without a configuration the first frame tells', async t => {
  const codec = 'V_MPEG4/ISO/AVC'
  const frame = simpleBlock({ payload: withStartCodes(sps({ blocksWide: 8 }), IDR) })
  const sound = simpleBlock({ track: 2 })
  const start = Buffer.concat([header(videoEntry({ codec, width: 0, height: 0 }), audioEntry()), clusterHead(0)])
  const sized = Buffer.concat([header(videoEntry({ codec }), audioEntry()), clusterHead(0)])

  t.strictSame(read(start).events, [], 'the header waits')
  t.equal(read(start).settled, 0)
  const told = read(Buffer.concat([start, frame, frame]))
  t.strictSame(told.events.map(event => event.type), ['init', 'unit', 'unit'])
  t.match(told.inits[0]?.video, { width: 128, height: 48, copyable: true })

  const soundFirst = read(Buffer.concat([sized, sound, frame]))
  t.strictSame(soundFirst.events.map(event => event.type), ['init', 'unit', 'unit'], 'sound in front of it waits, and is no epoch of its own')
  t.match(soundFirst.inits.map(init => init.video), [{ width: 128, copyable: true }])
  t.strictSame(soundFirst.units.map(({ frames }) => frames[0]!.kind), ['audio', 'video'])

  const silentPicture = read(Buffer.concat([sized, ...[0, 200, 400, 600].map(time => simpleBlock({ track: 2, time })), frame]))
  t.strictSame(silentPicture.events.map(event => event.type), ['init', 'unit', 'unit', 'unit', 'unit', 'init', 'unit'], 'but not for more than half a second')
  t.equal(read(Buffer.concat([sized, sound])).settled, 0, 'what waits is not settled')
  const large = Buffer.alloc(LIMITS.maxInitBytes)
  t.equal(read(Buffer.concat([sized, simpleBlock({ track: 2, payload: large })])).units.length, 1, 'nor for more than a header may have')

  const never = read(Buffer.concat([start, simpleBlock({ payload: withStartCodes(NON_IDR) })]))
  t.match(never.events, [{ type: 'damage', reason: 'bad-header', fatal: true }], 'no size at all')
})

t.test('VP8 without a size in the header', async t => {
  const key = simpleBlock({ payload: Buffer.from('9044009d012a8002680103', 'hex') })
  const { inits, units } = read(Buffer.concat([header(videoEntry({ width: 0, height: 0 })), clusterHead(0), key]))
  t.match(inits, [{ video: { width: 640, height: 360 } }])
  t.equal(units.length, 1)
})

t.test('where the reader stands', async t => {
  const reader = new ContainerReader(LIMITS)
  const block = simpleBlock({ payload: Buffer.alloc(1000) })
  reader.push(HEADER)
  t.equal(reader.settled, 0, 'the header is settled when it is told')
  t.ok(reader.buffered > HEADER.length / 2 && reader.buffered <= HEADER.length)
  reader.push(clusterHead(0))
  const start = HEADER.length + clusterHead(0).length
  t.equal(reader.settled, start)
  t.equal(reader.buffered, 0)
  t.strictSame(reader.push(block.subarray(0, 600)), [])
  t.equal(reader.settled, start)
  t.equal(reader.buffered, 600)
  t.equal(reader.push(block.subarray(600)).length, 1)
  t.equal(reader.settled, start + block.length)
  t.equal(reader.buffered, 0)
})
