import t from 'tap'
import type { DamageReason, ReaderLimits } from '../../../src/media/container/types.ts'
import { AUDIO, BASE_IS_MOOF, H264, H264_AAC, make, VIDEO } from './ffmpeg.ts'
import { avcC, IDR, sps, withLengths, withStartCodes } from './h264-writer.ts'
import { audioEntry, blockBody, clusterHead, EBML_HEADER, element, header, openElement, SEGMENT, simpleBlock, text, tracks, uint, videoEntry, vint } from './matroska-writer.ts'
import { LIMITS, read, type Reading } from './reading.ts'

const HEVC = [...VIDEO, '-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:pools=1:frame-threads=1']
const FRAGMENTS = ['-movflags', 'empty_moov+default_base_moof', '-frag_duration', '500000']

t.test('codecs that are not taken, in files of FFmpeg', async t => {
  const directory = t.testdir()
  const cases: [string, string[], DamageReason, RegExp][] = [
    ['hevc.mkv', HEVC, 'unsupported', /V_MPEGH\/ISO\/HEVC/],
    ['hevc.mp4', [...HEVC, ...BASE_IS_MOOF], 'unsupported', /hev1/],
    ['theora.mkv', [...VIDEO, '-c:v', 'libtheora'], 'unsupported', /V_THEORA/],
    ['mp3.mkv', [...AUDIO, '-c:a', 'libmp3lame'], 'unsupported', /A_MPEG\/L3/],
    ['mp3.mp4', [...AUDIO, '-c:a', 'libmp3lame', ...FRAGMENTS], 'unsupported', /mp4a\.6b/],
    ['flac.mkv', [...AUDIO, '-c:a', 'flac'], 'unsupported', /A_FLAC/],
    ['flac.mp4', [...AUDIO, '-c:a', 'flac', '-strict', '-2', ...FRAGMENTS], 'unsupported', /fLaC/],
    ['in-one-piece.mp4', H264_AAC, 'not-fragmented', /one piece/],
    ['faststart.mp4', [...H264_AAC, '-movflags', 'faststart'], 'not-fragmented', /fragments/],
    ['half-fragmented.mp4', [...H264, '-movflags', 'frag_keyframe'], 'not-fragmented', /one piece/]
  ]
  for (const [name, args, reason, message] of cases) {
    const { damage, units } = read(make(directory, name, args))
    t.equal(damage.length, 1, name)
    t.match(damage[0], { reason, fatal: true, message }, name)
    t.strictSame(units, [], name)
  }
})

t.test('the first video and the first audio track count, whatever they are', async t => {
  const frame = Buffer.concat([clusterHead(0), simpleBlock()])
  const hevc = { codec: 'V_MPEGH/ISO/HEVC' }
  t.match(fatal(read(Buffer.concat([header(videoEntry(hevc), videoEntry({ number: 3 })), frame]))), { reason: 'unsupported' })
  const second = read(Buffer.concat([header(videoEntry(), videoEntry({ number: 3, ...hevc })), frame]))
  t.strictSame(second.damage, [])
  t.equal(second.units.length, 1)
})

t.test('Matroska headers that cannot be used', async t => {
  const frame = Buffer.concat([clusterHead(0), simpleBlock()])
  const encodings = element(0x6d80, element(0x6240, uint(0x5031, 0)))
  const subtitles = element(0xae, [uint(0xd7, 1), uint(0x83, 17), text(0x86, 'S_TEXT/UTF8')])
  const cases: [string, Buffer, DamageReason, RegExp][] = [
    ['a compressed track', header(videoEntry({ extra: encodings })), 'unsupported', /encrypted or compressed/],
    ['no tracks at all', header(), 'unsupported', /neither video nor audio/],
    ['only subtitles', header(subtitles), 'unsupported', /neither/],
    ['a codec with a strange name', header(videoEntry({ codec: 'V_\u0007\n<script>' })), 'unsupported', /"V_\?\?<script>"/],
    ['no Tracks element', Buffer.concat([EBML_HEADER, SEGMENT]), 'bad-header', /before any tracks/],
    ['no segment', Buffer.concat([EBML_HEADER, tracks(videoEntry())]), 'bad-header', /1654AE6B/],
    ['two segments', Buffer.concat([EBML_HEADER, SEGMENT, SEGMENT, tracks(videoEntry())]), 'bad-header', /18538067/],
    ['Tracks of unknown size', Buffer.concat([EBML_HEADER, SEGMENT, openElement(0x1654ae6b)]), 'bad-header', /size/],
    ['a block in the header', Buffer.concat([header(videoEntry()), simpleBlock()]), 'bad-header', /A3/],
    ['garbage in the header', Buffer.concat([header(videoEntry()), Buffer.alloc(8)]), 'bad-header', /no element/],
    ['a broken track', header(element(0xae, Buffer.from('d7ff', 'hex'))), 'bad-header', /head/],
    ['a track without a number', header(videoEntry({ number: 0 })), 'bad-header', /number/],
    ['two tracks with one number', header(videoEntry({ number: 1 }), audioEntry({ number: 1 })), 'bad-header', /number/],
    ['a time scale of zero', Buffer.concat([EBML_HEADER, SEGMENT, element(0x1549a966, uint(0x2ad7b1, 0)), tracks(videoEntry())]), 'bad-header', /scale/],
    ['no picture size for VP9', header(videoEntry({ codec: 'V_VP9', width: 0 })), 'bad-header', /picture size/],
    ['Vorbis without headers', header(audioEntry({ codec: 'A_VORBIS' })), 'bad-header', /Vorbis/],
    ['AAC with a broken configuration', header(audioEntry({ codec: 'A_AAC', codecPrivate: Buffer.from('11', 'hex') })), 'bad-header', /cut off/],
    ['H.264 with a broken configuration', header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', codecPrivate: Buffer.from('014200', 'hex') })), 'bad-header', /AVCDecoder/],
    ['an attachment larger than any unit', Buffer.concat([header(videoEntry()), element(0x1941a469, Buffer.alloc(100), 8).subarray(0, 4), vint(2 ** 33, 8)]), 'bad-header', /1941A469/]
  ]
  for (const [name, bytes, reason, message] of cases) {
    const reading = read(Buffer.concat([bytes, frame]))
    t.strictSame(reading.events.map(event => event.type), ['damage'], name)
    t.match(fatal(reading), { reason, message }, name)
  }
})

t.test('MP4 headers that cannot be used', async t => {
  const good = make(t.testdir(), 'good.mp4', [...H264_AAC, ...BASE_IS_MOOF])
  const renamed = (from: string, to: string): Buffer => {
    const bytes = Buffer.from(good)
    bytes.write(to, bytes.indexOf(from), 'latin1')
    return bytes
  }
  const cases: [string, Buffer, DamageReason, RegExp][] = [
    ['encrypted video', renamed('avc1\0\0\0\0\0\0', 'encv'), 'unsupported', /encv/],
    ['encrypted audio', renamed('mp4a\0\0\0', 'enca'), 'unsupported', /enca/],
    ['no fragments announced', renamed('mvex', 'free'), 'not-fragmented', /announce/],
    ['no configuration', renamed('avcC', 'free'), 'bad-header', /avcC/],
    ['no sample description', renamed('stsd', 'free'), 'bad-header', /stsd/],
    ['a fragment first', Buffer.concat([good.subarray(0, good.readUInt32BE()), good.subarray(good.indexOf('moof') - 4)]), 'bad-header', /before any tracks/]
  ]
  for (const [name, bytes, reason, message] of cases) {
    const reading = read(bytes)
    t.strictSame(reading.events.map(event => event.type), ['damage'], name)
    t.match(fatal(reading), { reason, message }, name)
  }
})

t.test('pictures that are too large', async t => {
  const limits: ReaderLimits = { ...LIMITS, maxVideoPixels: 64 * 48 }
  const small = sps({ blocksWide: 4, blocksHigh: 3 })
  const large = sps({ blocksWide: 5, blocksHigh: 3 })
  const vp8 = (width: number, height: number): Buffer => {
    const frame = Buffer.from('9044009d012a0000000003', 'hex')
    frame.writeUInt16LE(width, 6)
    frame.writeUInt16LE(height, 8)
    return frame
  }
  const h264 = (entry: Parameters<typeof videoEntry>[0], payload: Buffer): Buffer =>
    Buffer.concat([header(videoEntry({ codec: 'V_MPEG4/ISO/AVC', ...entry })), clusterHead(0), simpleBlock({ payload })])
  const cases: [string, Buffer, boolean][] = [
    ['the header', Buffer.concat([header(videoEntry({ width: 65 })), clusterHead(0), simpleBlock({ payload: vp8(64, 48) })]), false],
    ['a VP8 key frame', Buffer.concat([header(videoEntry()), clusterHead(0), simpleBlock({ payload: vp8(64, 49) })]), false],
    ['a VP8 key frame that fits', Buffer.concat([header(videoEntry()), clusterHead(0), simpleBlock({ payload: vp8(64, 48) })]), true],
    ['the SPS of the header', h264({ codecPrivate: avcC(large) }, withLengths(IDR)), false],
    ['a second SPS of the header', h264({ codecPrivate: avcC(small, sps({ id: 1, blocksWide: 9 })) }, withLengths(IDR)), false],
    ['an SPS in a frame', h264({ codecPrivate: avcC(small) }, withLengths(large, IDR)), false],
    ['an SPS behind a picture', h264({ codecPrivate: avcC(small) }, withLengths(IDR, large)), false],
    ['an SPS behind a start code', h264({}, withStartCodes(large, IDR)), false],
    ['an SPS that fits', h264({ codecPrivate: avcC(small) }, withLengths(small, IDR)), true]
  ]
  for (const [name, bytes, fits] of cases) {
    const reading = read(bytes, { limits })
    t.equal(reading.units.length, fits ? 1 : 0, name)
    t.equal(reading.damage.length, fits ? 0 : 1, name)
    if (!fits) t.match(fatal(reading), { reason: 'too-large-picture', message: /3072 pixels/ }, name)
  }
})

t.test('headers that are too large', async t => {
  const limits: ReaderLimits = { ...LIMITS, maxInitBytes: 1000 }
  const padding = element(0x5a5a, Buffer.alloc(2000))
  const large = read(Buffer.concat([header(videoEntry({ extra: padding })), clusterHead(0), simpleBlock()]), { limits, sizes: [7] })
  t.match(fatal(large), { reason: 'bad-header', message: /1000 bytes/ })
  t.ok(large.peak < 300, 'it is refused by its size alone')

  const half = element(0x5a5a, Buffer.alloc(600))
  const sum = read(Buffer.concat([EBML_HEADER, SEGMENT, element(0x1549a966, half), tracks(videoEntry({ extra: half })), clusterHead(0)]), { limits })
  t.match(fatal(sum), { reason: 'bad-header', message: /1000 bytes/ }, 'all that is kept counts')

  const dropped = element(0x1941a469, Buffer.alloc(500_000))
  const taken = read(Buffer.concat([EBML_HEADER, SEGMENT, dropped, tracks(videoEntry()), clusterHead(0), simpleBlock()]), { limits, sizes: [700] })
  t.strictSame(taken.damage, [], 'what is not needed does not count')
  t.equal(taken.units.length, 1)
  t.ok(taken.peak < 1000, 'and is not held')

  const mp4 = make(t.testdir(), 'large.mp4', [...H264_AAC, ...BASE_IS_MOOF])
  const refused = read(mp4, { limits, sizes: [100] })
  t.match(fatal(refused), { reason: 'bad-header', message: /1000 bytes/ })
  t.ok(refused.peak < 1000)
})

t.test('what is no recording', async t => {
  const cases: [string, Buffer][] = [
    ['a PNG', Buffer.from('89504e470d0a1a0a0000000d4948445200000100000001000806000000', 'hex')],
    ['text', Buffer.from('hello, world')],
    ['a playlist', Buffer.from('#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n')],
    ['a concat script', Buffer.from('ffconcat version 1.0\nfile /etc/passwd\n')],
    ['an AVI', Buffer.from('RIFF\x10\x00\x00\x00AVI LIST', 'latin1')],
    ['MPEG-TS', Buffer.concat([Buffer.from('47400010', 'hex'), Buffer.alloc(184, 0xff)])],
    ['EBML of another kind', element(0x1a45dfa3, text(0x4282, 'other'))],
    ['a cluster without a header', Buffer.concat([clusterHead(0), element(0xa3, blockBody())])],
    ['zeros', Buffer.alloc(12)]
  ]
  for (const [name, bytes] of cases) {
    for (const sizes of [[bytes.length], [1]]) {
      const { events, peak } = read(bytes, { sizes })
      t.match(events, [{ type: 'damage', reason: 'not-a-container', fatal: false, offset: 0 }], name)
      t.equal(events.length, 1, 'it is told once')
      t.ok(peak <= 40, 'hardly anything is held')
    }
  }
})

function fatal (reading: Reading): Reading['damage'][number] | undefined {
  return reading.damage.find(damage => damage.fatal)
}
