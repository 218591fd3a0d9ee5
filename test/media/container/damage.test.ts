import { readFileSync } from 'node:fs'
import t from 'tap'
import { ContainerReader } from '../../../src/media/container/reader.ts'
import { avcC, sps, withLengths } from './h264-writer.ts'
import { audioEntry, blockBody, clusterHead, element, header, openElement, simpleBlock, uint, videoEntry } from './matroska-writer.ts'
import * as mp4 from './mp4-writer.ts'
import { LIMITS, read, sorted } from './reading.ts'

const HEADER = header(videoEntry(), audioEntry())
const GOOD = Buffer.concat([clusterHead(7), simpleBlock()])
const START = Buffer.concat([HEADER, clusterHead(0), simpleBlock()])
const MP4_HEADER = mp4.header(mp4.VIDEO, mp4.AUDIO)

t.test('elements that cannot be, in a cluster', async t => {
  const group = (...children: Buffer[]): Buffer => element(0xa0, children)
  const cases: [string, Buffer, RegExp][] = [
    ['no element', Buffer.alloc(4), /no element/],
    ['an unknown element', element(0x81, Buffer.alloc(4)), /81/],
    ['an element from elsewhere', uint(0xd7, 1), /D7/],
    ['a segment', openElement(0x18538067), /18538067/],
    ['an EBML header of another kind', element(0x1a45dfa3, Buffer.alloc(9)), /1A45DFA3/],
    ['a track that is not named', simpleBlock({ track: 9 }), /track 9/],
    ['flags that nobody has defined', simpleBlock({ flags: 0x90 }), /no sense/],
    ['a block without a head', element(0xa3, Buffer.from([0x81, 0])), /readable head/],
    ['a block of unknown size', openElement(0xa3), /size/],
    ['a second timestamp', uint(0xe7, 8), /timestamp/],
    ['a timestamp that is too long', element(0xe7, Buffer.alloc(9)), /timestamp/],
    ['a checksum that is too long', element(0xbf, Buffer.alloc(5)), /BF/],
    ['an empty block group', group(), /without a block/],
    ['a block group with two blocks', group(element(0xa1, blockBody()), element(0xa1, blockBody())), /two blocks/],
    ['a block group with something else', group(element(0xa1, blockBody()), uint(0xd7, 1)), /D7/],
    ['a block group that does not add up', group(element(0xa1, blockBody()).subarray(0, -1)), /larger/],
    ['a block outside a cluster', Buffer.concat([element(0x1c53bb6b, Buffer.alloc(3)), simpleBlock()]), /outside/],
    ['a cluster without a timestamp', Buffer.concat([openElement(0x1f43b675), simpleBlock()]), /without a timestamp/],
    ['a block larger than its cluster', element(0x1f43b675, [uint(0xe7, 3), simpleBlock().subarray(0, -1)]), /larger than the cluster/],
    ['a time beyond everything', Buffer.concat([openElement(0x1f43b675), uint(0xe7, 2 ** 52), simpleBlock()]), /too far/]
  ]
  for (const [name, bad, message] of cases) {
    const { events, units, damage } = read(Buffer.concat([START, bad, Buffer.alloc(50, 0x55), GOOD]), { sizes: [13] })
    t.strictSame(events.map(event => event.type), ['init', 'unit', 'damage', 'unit'], name)
    t.match(damage, [{ reason: 'lost-sync', fatal: false, message }], name)
    t.ok((damage[0]?.offset ?? 0) >= START.length && (damage[0]?.offset ?? Infinity) < START.length + bad.length, name)
    t.equal(units[1]?.frames[0]?.timeUs, 7000, name)
  }
})

t.test('an impossible parameter set is damage', async t => {
  const h264 = header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', codecPrivate: avcC(sps()) }))
  const { damage, units } = read(Buffer.concat([h264, clusterHead(0), simpleBlock({ payload: withLengths(Buffer.from([0x67, 1])) }), GOOD]))
  t.match(damage, [{ reason: 'lost-sync', message: /cut off/ }])
  t.equal(units.length, 1)
})

t.test('a stretch of damage is told once', async t => {
  const fakeCluster = Buffer.concat([clusterHead(0), Buffer.alloc(20)])
  const { events, damage } = read(Buffer.concat([START, Buffer.alloc(10), fakeCluster, fakeCluster, GOOD, Buffer.alloc(10), GOOD]))
  t.strictSame(events.map(event => event.type), ['init', 'unit', 'damage', 'unit', 'damage', 'unit'])
  t.equal(damage[0]?.offset, START.length)
})

t.test('what comes first is found first', async t => {
  const { events } = read(Buffer.concat([START, Buffer.alloc(10), GOOD, START, Buffer.alloc(10), MP4_HEADER, GOOD, START]))
  t.strictSame(events.map(event => event.type), ['init', 'unit', 'damage', 'unit', 'init', 'unit', 'damage', 'init', 'damage', 'init', 'unit'])
})

t.test('clusters are found whatever stands in front of their timestamp', async t => {
  const fronts = [
    Buffer.alloc(0),
    element(0xbf, Buffer.alloc(4)),
    Buffer.concat([element(0xbf, Buffer.alloc(4)), element(0xec, Buffer.alloc(50)), uint(0xa7, 900), uint(0xab, 80)])
  ]
  for (const front of fronts) {
    for (const cluster of [element(0x1f43b675, [front, uint(0xe7, 7), simpleBlock()]), Buffer.concat([openElement(0x1f43b675), front, uint(0xe7, 7), simpleBlock()])]) {
      t.equal(read(Buffer.concat([START, Buffer.alloc(30), cluster])).units.length, 2)
    }
  }
  const notClusters = [Buffer.from('1f43b675', 'hex'), Buffer.from('1f43b67500', 'hex'), Buffer.concat([openElement(0x1f43b675), simpleBlock()]), Buffer.concat([openElement(0x1f43b675), element(0xe7, Buffer.alloc(9))])]
  const { units } = read(Buffer.concat([START, Buffer.alloc(30), ...notClusters, GOOD]))
  t.equal(units.length, 2)
})

t.test('frames that are too large', async t => {
  const limits = { ...LIMITS, maxUnitBytes: 1000 }
  const reader = new ContainerReader(limits)
  reader.push(START)
  const large = simpleBlock({ payload: Buffer.alloc(2000) })
  const { damage } = sorted(reader.push(large.subarray(0, 3)))
  t.match(damage, [{ reason: 'too-large-unit', fatal: false, offset: START.length }], 'the size alone tells')
  t.equal(sorted(reader.push(Buffer.concat([large.subarray(3), GOOD]))).units.length, 1)

  const fragment = mp4.fragment([{ sizes: [500, 600] }], mp4.mdat(1100))
  const small = mp4.fragment([{}])
  const { events, peak } = read(Buffer.concat([MP4_HEADER, small, fragment, small]), { limits, sizes: [50] })
  t.strictSame(events.map(event => event.type), ['init', 'unit', 'damage', 'unit'])
  t.match(events[2], { reason: 'too-large-unit', fatal: false })
  t.ok(peak <= 1000 + 50)
})

t.test('a piece that is lost shows before a wrong size is filled', async t => {
  const frame = simpleBlock({ payload: Buffer.alloc(5000) })
  const reader = new ContainerReader(LIMITS)
  reader.push(Buffer.concat([START, frame.subarray(0, 1000)]))
  const { events, units } = sorted(reader.push(GOOD))
  t.match(events, [{ type: 'damage', reason: 'lost-sync', offset: START.length }, { type: 'unit' }])
  t.equal(units[0]?.frames[0]?.timeUs, 7000)

  const fragment = mp4.fragment([{}])
  const other = new ContainerReader(LIMITS)
  other.push(Buffer.concat([MP4_HEADER, mp4.fragment([{ sizes: [9000] }], mp4.mdat(9000)).subarray(0, 4000)]))
  t.match(other.push(fragment), [{ type: 'damage', reason: 'lost-sync', offset: MP4_HEADER.length }, { type: 'unit' }])
})

t.test('a run that broke off, and another one', async t => {
  const runs = [
    Buffer.concat([HEADER, clusterHead(3), simpleBlock({ payload: Buffer.alloc(100) })]),
    Buffer.concat([MP4_HEADER, mp4.fragment([{}])])
  ]
  for (const first of runs) {
    for (const second of runs) {
      const clean = read(Buffer.concat([first, second]), { sizes: [17] })
      t.strictSame(clean.events.map(event => event.type), ['init', 'unit', 'init', 'unit'])
      const broken = read(Buffer.concat([first, first.subarray(0, -20), second]), { sizes: [17] })
      t.strictSame(broken.events.map(event => event.type), ['init', 'unit', 'init', 'damage', 'init', 'unit'])
      t.match(broken.events[3], { reason: 'lost-sync', fatal: false })
    }
  }
})

t.test('garbage, and then a recording', async t => {
  const recordings = ['vp8-opus.webm', 'vp9-opus.mp4'].map(name => readFileSync(new URL(`../../fixtures/chromium/${name}`, import.meta.url)))
  for (const recording of recordings) {
    const bare = read(recording)
    for (const garbage of [Buffer.from('garbage'), Buffer.alloc(1000, 0x1a), Buffer.from('1a45dfa3', 'hex'), Buffer.from('\0\0\0\x20ftyp\0\0\0\0', 'latin1')]) {
      const { events, units } = read(Buffer.concat([garbage, recording]), { sizes: [100] })
      t.match(events[0], { type: 'damage', reason: 'not-a-container', fatal: false, offset: 0 })
      t.strictSame(events.slice(1).map(event => event.type), bare.events.map(event => event.type))
      t.equal(units[0]?.start, (bare.units[0]?.start ?? 0) + garbage.length)
      t.strictSame(units.map(unit => unit.bytes), bare.units.map(unit => unit.bytes))
    }
  }
})

t.test('after a refusal only another header helps', async t => {
  const refused = Buffer.concat([header(videoEntry({ codec: 'V_THEORA' })), GOOD, GOOD, Buffer.alloc(100), GOOD])
  const { events, damage } = read(Buffer.concat([refused, refused, START]), { sizes: [9] })
  t.strictSame(events.map(event => event.type), ['damage', 'damage', 'init', 'unit'])
  t.ok(damage.every(({ reason, fatal }) => reason === 'unsupported' && fatal))
  t.equal(damage[1]?.offset, (damage[0]?.offset ?? 0) + refused.length)
})

t.test('bytes that are lost on purpose', async t => {
  const reader = new ContainerReader(LIMITS)
  const frame = simpleBlock({ payload: Buffer.alloc(300) })
  reader.push(Buffer.concat([START, frame.subarray(0, 100)]))
  reader.skip()
  t.equal(reader.settled, START.length + 100)
  t.equal(reader.buffered, 0)
  t.strictSame(reader.push(Buffer.concat([Buffer.alloc(40, 0x77), frame])), [], 'no complaint about what belongs nowhere')
  const { events, units } = sorted(reader.push(GOOD))
  t.strictSame(events.map(event => event.type), ['unit'])
  t.equal(units[0]?.start, START.length + 100 + 40 + frame.length + clusterHead(7).length)

  const other = new ContainerReader(LIMITS)
  const fragment = mp4.fragment([{ time: 40 }])
  other.push(Buffer.concat([MP4_HEADER, fragment.subarray(0, 50)]))
  other.skip()
  t.match(other.push(Buffer.concat([fragment.subarray(90), fragment])), [{ type: 'unit', unit: { bytes: fragment } }])
})

t.test('a header that is lost on purpose', async t => {
  const reader = new ContainerReader(LIMITS)
  reader.skip()
  t.strictSame(reader.push(Buffer.concat([Buffer.from('rest of a header'), GOOD])), [])
  t.strictSame(reader.push(START).map(event => event.type), ['init', 'unit'])

  const half = new ContainerReader(LIMITS)
  half.push(HEADER.subarray(0, -20))
  half.skip()
  t.strictSame(half.push(Buffer.concat([GOOD, START])).map(event => event.type), ['init', 'unit'], 'half a header is none')

  const whole = new ContainerReader(LIMITS)
  whole.push(Buffer.concat([HEADER, clusterHead(0).subarray(0, 7)]))
  whole.skip()
  t.strictSame(whole.push(Buffer.concat([Buffer.alloc(9), GOOD])).map(event => event.type), ['init', 'unit'], 'one that is there can be used')

  const dropping = new ContainerReader(LIMITS)
  dropping.push(Buffer.concat([HEADER, element(0x1941a469, Buffer.alloc(5000)).subarray(0, 100)]))
  dropping.skip()
  t.strictSame(dropping.push(GOOD).map(event => event.type), ['init', 'unit'], 'what was being passed over is forgotten too')
})
