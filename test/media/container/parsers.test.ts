import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { readAudioSpecificConfig } from '../../../src/media/container/aac.ts'
import { elementsIn, readElementHead, readFloat, readUint, vintLength, vintValue, writeElement } from '../../../src/media/container/ebml.ts'
import { nalsOf, readAvcConfig } from '../../../src/media/container/h264.ts'
import { isCommonFormat, readSps } from '../../../src/media/container/h264-sps.ts'
import { sniff } from '../../../src/media/container/sniff.ts'
import { readVp8KeyFrameSize } from '../../../src/media/container/vp8.ts'
import { avcC, IDR, NON_IDR, sps, withLengths, withStartCodes } from './h264-writer.ts'
import { EBML_HEADER, element, text, vint } from './matroska-writer.ts'

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

t.test('EBML variable-size integers', async t => {
  // The examples of RFC 8794 section 4.4.
  t.equal(vintValue(hex('82'), 0, 1), 2)
  t.equal(vintValue(hex('4002'), 0, 2), 2)
  t.equal(vintValue(hex('200002'), 0, 3), 2)
  t.equal(vintValue(hex('10000002'), 0, 4), 2)
  t.equal(vintLength(0x01), 8)
  t.ok(vintLength(0x00) > 8)
  t.equal(vintValue(hex('ff'), 0, 1), undefined, 'all bits set is unknown')
  t.equal(vintValue(hex('7fff'), 0, 2), undefined)
  t.equal(vintValue(hex('407f'), 0, 2), 127, '127 needs two bytes')

  fc.assert(fc.property(fc.nat(2 ** 31 - 2), fc.integer({ min: 1, max: 8 }), (value, length) => {
    fc.pre(value < 2 ** (7 * length) - 1)
    const bytes = vint(value, length)
    return vintLength(bytes.readUInt8(0)) === length && vintValue(bytes, 0, length) === value
  }))
})

t.test('EBML element heads', async t => {
  t.strictSame(readElementHead(hex('a3 4512'), 0), { id: 0xa3, size: 0x512, length: 3 })
  t.strictSame(readElementHead(hex('1f43b675 01ffffffffffffff'), 0), { id: 0x1f43b675, size: undefined, length: 12 })
  t.equal(readElementHead(hex('1f43b6'), 0), 'more')
  t.equal(readElementHead(hex('a3'), 0), 'more')
  t.equal(readElementHead(hex('a3 45'), 0), 'more')
  t.equal(readElementHead(hex('08 81'), 0), 'bad', 'an ID of five bytes')
  t.equal(readElementHead(hex('a3 00'), 0), 'bad', 'a size of nine bytes')
  t.equal(readElementHead(hex('a3 01ee ffff ffff ffff'), 0), 'bad', 'a size beyond 2^53')
  t.throws(() => [...elementsIn(hex('a3 82 00'))], { message: /larger/ })
  t.throws(() => [...elementsIn(hex('a3 ff 00'))], { message: /head/ }, 'an unknown size inside')
})

t.test('EBML values', async t => {
  t.equal(readUint(hex('')), 0)
  t.equal(readUint(hex('0f4240')), 1_000_000)
  t.throws(() => readUint(hex('ffffffffffffffff')))
  t.throws(() => readUint(hex('000000000000000001')))
  t.equal(readFloat(hex('473b8000')), 48000)
  t.equal(readFloat(hex('40e7700000000000')), 48000)
  t.throws(() => readFloat(hex('00')))

  fc.assert(fc.property(fc.constantFrom(0xa3, 0x4282, 0x2ad7b1, 0x1654ae6b), fc.uint8Array({ maxLength: 200 }), (id, body) => {
    const [read, ...others] = elementsIn(writeElement(id, Buffer.from(body)))
    return others.length === 0 && read?.id === id && read.body.equals(body)
  }))
})

t.test('sniffing goes by content', async t => {
  const cases: [string, Buffer][] = [
    ['matroska', EBML_HEADER],
    ['matroska', readFileSync(new URL('../../fixtures/chromium/h264-opus.mkv', import.meta.url)).subarray(0, 64)],
    ['mp4', hex('00000024 66747970 69736f6d')],
    ['undecided', hex('')],
    ['undecided', EBML_HEADER.subarray(0, -1)],
    ['undecided', hex('00000024 667479')],
    ['unknown', hex('00000024 6d6f6f76')],
    ['unknown', hex('7fffffff 66747970 69736f6d')],
    ['unknown', element(0x1a45dfa3, text(0x4282, 'docx'))],
    ['unknown', Buffer.from('#EXTM3U')],
    ['unknown', hex('89504e470d0a1a0a')],
    ['unknown', Buffer.from('R')],
    ['unknown', hex('47400010')]
  ]
  for (const [expected, bytes] of cases) t.equal(sniff(bytes), expected, bytes.toString('hex', 0, 12))
})

t.test('SPS of real encoders', async t => {
  const common = { id: 0, chromaFormat: 1, lumaBits: 8, chromaBits: 8 }
  t.strictSame(readSps(hex('6742c01f8c8d405017fcb350606060784423 50')), { ...common, width: 640, height: 360 }, 'Chromium, baseline')
  t.strictSame(readSps(hex('67640028acd940780227e5c05280810120000003002000000641e30632c0')), { ...common, width: 1920, height: 1080 }, 'x264, high, cropped, with VUI')
  t.strictSame(readSps(hex('67640028acd94078044fde0220000003002000000643e2c5b2c0')), { ...common, width: 1920, height: 1080 }, 'x264, interlaced')
  t.strictSame(readSps(hex('677a0028b6cd940780227e27011000000300100000030320f1831960')), { id: 0, width: 1920, height: 1080, chromaFormat: 2, lumaBits: 10, chromaBits: 10 }, 'x264, 4:2:2, 10 bits')
})

t.test('SPS round trips', async t => {
  fc.assert(fc.property(
    fc.record({
      profile: fc.constantFrom(66, 77, 100, 110, 122, 244),
      id: fc.nat(31),
      chromaFormat: fc.nat(3),
      lumaBits: fc.integer({ min: 8, max: 14 }),
      chromaBits: fc.integer({ min: 8, max: 14 }),
      blocksWide: fc.integer({ min: 2, max: 300 }),
      blocksHigh: fc.integer({ min: 2, max: 300 }),
      crop: fc.tuple(fc.nat(7), fc.nat(7), fc.nat(7), fc.nat(7)),
      scaling: fc.constantFrom(undefined, [-8], Array<number>(16).fill(1), Array<number>(16).fill(-3)),
      order: fc.constantFrom<0 | 1 | 2>(0, 1, 2)
    }),
    fields => {
      const [left, right, top, bottom] = fields.crop
      const told = fields.profile >= 100 ? fields : { chromaFormat: 1, lumaBits: 8, chromaBits: 8 }
      const unitX = told.chromaFormat === 1 || told.chromaFormat === 2 ? 2 : 1
      const unitY = told.chromaFormat === 1 ? 2 : 1
      const read = readSps(sps(fields))
      t.strictSame(read, {
        id: fields.id,
        width: fields.blocksWide * 16 - (left + right) * unitX,
        height: fields.blocksHigh * 16 - (top + bottom) * unitY,
        chromaFormat: told.chromaFormat,
        lumaBits: told.lumaBits,
        chromaBits: told.chromaBits
      })
      t.equal(isCommonFormat(read), told.chromaFormat === 1 && told.lumaBits === 8 && told.chromaBits === 8)
    }
  ), { numRuns: 50 })
})

t.test('SPS that make no sense', async t => {
  t.throws(() => readSps(hex('67')), { message: /cut off/ })
  t.throws(() => readSps(sps().subarray(0, 5)), { message: /cut off/ })
  t.throws(() => readSps(sps({ id: 32 })), { message: /id/ })
  t.throws(() => readSps(sps({ crop: [16, 16, 0, 0] })), { message: /crops/ })
  t.throws(() => readSps(sps({ profile: 100, chromaFormat: 4 })), { message: /chroma/ })
  t.throws(() => readSps(sps({ profile: 100, lumaBits: 15 })), { message: /depth/ })
  t.throws(() => readSps(Buffer.concat([sps(), Buffer.alloc(2000)])), { message: /bytes/ })
})

t.test('AVCDecoderConfigurationRecord', async t => {
  t.strictSame(readAvcConfig(avcC(sps(), sps({ id: 1 }))), { lengthSize: 4, sps: [sps(), sps({ id: 1 })] })
  t.strictSame(readAvcConfig(hex('01 42 00 1f fd e0 00')), { lengthSize: 2, sps: [] })
  t.throws(() => readAvcConfig(avcC(sps()).subarray(0, 12)), { message: /cut off/ })
  t.throws(() => readAvcConfig(withStartCodes(sps())), { message: /no AVCDecoder/ })
  t.throws(() => readAvcConfig(hex('')), { message: /no AVCDecoder/ })
})

t.test('NAL units of a frame', async t => {
  t.strictSame(nalsOf(withLengths(sps(), IDR), 4), { idr: true, sps: [sps()] })
  t.strictSame(nalsOf(withLengths(NON_IDR, NON_IDR), 4), { idr: false, sps: [] })
  t.strictSame(nalsOf(withStartCodes(sps(), IDR), undefined), { idr: true, sps: [sps()] })
  t.strictSame(nalsOf(withStartCodes(sps(), IDR), 4), { idr: true, sps: [sps()] }, 'start codes in spite of a configuration')
  t.strictSame(nalsOf(Buffer.concat([hex('000001'), sps(), hex('000001'), IDR]), 4), { idr: true, sps: [sps()] }, 'short start codes')
  t.strictSame(nalsOf(hex('02 65 88 01 09'), 1), { idr: true, sps: [] }, 'lengths of one byte')
  const long = Buffer.concat([IDR, Buffer.alloc(0x12e - IDR.length, 0xaa)])
  t.strictSame(nalsOf(withLengths(long), 4), { idr: true, sps: [] }, 'a length that looks like a start code')
  t.strictSame(nalsOf(withLengths(IDR, NON_IDR).subarray(0, -1), 4), { idr: true, sps: [] }, 'a last NAL unit that is cut off')
  t.throws(() => nalsOf(withLengths(...Array.from({ length: 33 }, () => sps())), 4), { message: /too many/ })
})

t.test('AudioSpecificConfig', async t => {
  t.strictSame(readAudioSpecificConfig(hex('1190')), { objectType: 2, sampleRate: 48000, channels: 2, fitsAdts: true })
  t.strictSame(readAudioSpecificConfig(hex('1208')), { objectType: 2, sampleRate: 44100, channels: 1, fitsAdts: true })
  t.strictSame(readAudioSpecificConfig(hex('118856e500')), { objectType: 2, sampleRate: 48000, channels: 1, fitsAdts: true }, 'as FFmpeg writes it')
  t.match(readAudioSpecificConfig(hex('11b0')), { channels: 6, fitsAdts: false })
  t.match(readAudioSpecificConfig(hex('1194')), { fitsAdts: false }, '960 samples a frame')
  t.match(readAudioSpecificConfig(hex('2b098800')), { objectType: 5, fitsAdts: false }, 'HE-AAC')
  t.match(readAudioSpecificConfig(hex('1780 5dc0 10')), { sampleRate: 48000, fitsAdts: false }, 'a rate in full')
  t.match(readAudioSpecificConfig(hex('f94640')), { objectType: 42, sampleRate: 48000 }, 'an escaped object type')
  t.throws(() => readAudioSpecificConfig(hex('11')), { message: /cut off/ })
  t.throws(() => readAudioSpecificConfig(hex('1690')), { message: /sample rate/ })
  t.throws(() => readAudioSpecificConfig(hex('11f8')), { message: /channel/ })
})

t.test('VP8 key frames', async t => {
  t.strictSame(readVp8KeyFrameSize(hex('904400 9d012a 8002 6801 03')), { width: 640, height: 360 })
  t.strictSame(readVp8KeyFrameSize(hex('904400 9d012a 80c2 6841 03')), { width: 640, height: 360 }, 'scaling bits are no part of it')
  t.equal(readVp8KeyFrameSize(hex('914400 9d012a 8002 6801 03')), undefined, 'an interframe')
  t.equal(readVp8KeyFrameSize(hex('904400 9d012a 8002')), undefined)
})
