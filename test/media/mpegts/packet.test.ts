import fc from 'fast-check'
import t from 'tap'
import { isRandomAccess, PACKET_BYTES, packetPid, payloadOffset, readPat, readPesHead, readPmt, startsPayloadUnit, STREAM_TYPE_AAC_ADTS, STREAM_TYPE_H264, ticksToUs, unwrap, usToTicks, withContinuity } from '../../../src/media/mpegts/packet.ts'
import { AUDIO_PID, PMT_PID, VIDEO_PID, writeTransportStream } from './transport-stream-writer.ts'

const HOUR_US = 3_600_000_000

function packetsOf (bytes: Buffer): Buffer[] {
  return Array.from({ length: bytes.length / PACKET_BYTES }, (_, index) => bytes.subarray(index * PACKET_BYTES, (index + 1) * PACKET_BYTES))
}

t.test('tables name the tracks', async t => {
  const [pat, pmt, ...frames] = packetsOf(writeTransportStream([{ kind: 'video', timeUs: 0, picture: 'idr', size: 1000 }])) as [Buffer, Buffer, ...Buffer[]]
  t.equal(packetPid(pat), 0)
  t.equal(readPat(pat), PMT_PID)
  t.equal(packetPid(pmt), PMT_PID)
  t.strictSame([...readPmt(pmt)], [[STREAM_TYPE_H264, VIDEO_PID], [STREAM_TYPE_AAC_ADTS, AUDIO_PID]])
  t.strictSame([...readPmt(packetsOf(writeTransportStream([{ kind: 'audio', timeUs: 0 }], { video: false }))[1]!)], [[STREAM_TYPE_AAC_ADTS, AUDIO_PID]])
  t.ok(frames.every(packet => packetPid(packet) === VIDEO_PID))
  t.strictSame(frames.map(packet => startsPayloadUnit(packet)), frames.map((_, index) => index === 0))
  t.strictSame(frames.map(packet => isRandomAccess(packet)), frames.map((_, index) => index === 0))
  t.equal(readPat(pmt), undefined, 'a program map is no PAT')
  t.strictSame([...readPmt(pat)], [], 'nor the other way round')
})

t.test('a table that is cut off or nonsense names nothing', async t => {
  const [pat, pmt] = packetsOf(writeTransportStream([{ kind: 'audio', timeUs: 0 }])) as [Buffer, Buffer]
  for (const packet of [pat, pmt]) {
    const far = Buffer.from(packet)
    far[4] = 0xff
    t.equal(readPat(far), undefined, 'a pointer beyond the packet')
    t.strictSame([...readPmt(far)], [])
  }
})

t.test('the time stamp of a frame', async t => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 26 * HOUR_US }), timeUs => {
    const packet = packetsOf(writeTransportStream([{ kind: 'audio', timeUs, size: 10 }]))[2]!
    const head = readPesHead(packet)!
    return head.pts === usToTicks(timeUs) % 2 ** 33 && head.payload > payloadOffset(packet)
  }))
  const packet = Buffer.from(packetsOf(writeTransportStream([{ kind: 'audio', timeUs: 1000 }]))[2]!)
  packet[payloadOffset(packet) + 7] = 0
  t.equal(readPesHead(packet), undefined, 'none is none')
  t.equal(readPesHead(Buffer.alloc(PACKET_BYTES, 0x47)), undefined, 'no PES head')
})

t.test('where the payload begins', async t => {
  const packet = Buffer.alloc(PACKET_BYTES)
  packet[3] = 0x10
  t.equal(payloadOffset(packet), 4)
  packet[3] = 0x30
  packet[4] = 20
  t.equal(payloadOffset(packet), 25)
  packet[4] = 255
  t.equal(payloadOffset(packet), PACKET_BYTES, 'never beyond the packet')
  packet[3] = 0x20
  t.equal(payloadOffset(packet), PACKET_BYTES, 'no payload')
})

t.test('the clock goes on over the wrap of 33 bits', async t => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 100 * HOUR_US }), fc.integer({ min: -10 * HOUR_US, max: 10 * HOUR_US }), (nearUs, deltaUs) => {
    const near = usToTicks(nearUs)
    const wanted = near + usToTicks(deltaUs)
    return unwrap(((wanted % 2 ** 33) + 2 ** 33) % 2 ** 33, near) === wanted
  }))
  t.equal(ticksToUs(usToTicks(123_456_789)), 123_456_789)
})

t.test('another continuity counter', async t => {
  const packet = packetsOf(writeTransportStream([{ kind: 'audio', timeUs: 0 }]))[0]!
  const before = Buffer.from(packet)
  const copy = withContinuity(packet, 0x2b)
  t.equal(copy[3]! & 0x0f, 0x0b, 'four bits of it')
  t.equal(copy[3]! & 0xf0, before[3]! & 0xf0)
  t.strictSame(packet, before, 'the packet itself stays')
  t.ok(copy.subarray(4).equals(packet.subarray(4)))
})
