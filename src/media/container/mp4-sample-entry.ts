import { readAudioSpecificConfig, type AacConfig } from './aac.ts'
import { Malformed, Refusal, shown } from './damage.ts'
import { FieldReader } from './field-reader.ts'
import { readAvcConfig, type AvcConfig } from './h264.ts'
import { findBox, needBox, openFullBox, type Box } from './iso-boxes.ts'
import type { AudioCodec, AudioTrack, VideoCodec, VideoTrack } from './types.ts'

const VIDEO_CODECS = new Map<string, VideoCodec>([
  ['avc1', 'h264'],
  ['avc3', 'h264'],
  ['vp08', 'vp8'],
  ['vp09', 'vp9'],
  ['av01', 'av1']
])

const AUDIO_CODECS = new Map<string, AudioCodec>([
  ['mp4a', 'aac'],
  ['Opus', 'opus'],
  ['ipcm', 'pcm'],
  ['fpcm', 'pcm'],
  ['sowt', 'pcm'],
  ['twos', 'pcm'],
  ['lpcm', 'pcm']
])

/** Tags of the descriptors in `esds` (ISO/IEC 14496-1 section 7.2.2.1). */
const ES_DESCRIPTOR = 3
const DECODER_CONFIG = 4
const DECODER_SPECIFIC_INFO = 5

/** objectTypeIndication of MPEG-4 audio (ISO/IEC 14496-1 table 5). */
const MPEG4_AUDIO = 0x40

/**
 * Reads a VisualSampleEntry (ISO/IEC 14496-12 section 12.1.3), and for H.264 its `avcC`. Throws
 * `Refusal` on other codecs, `Malformed`.
 */
export function readVisualEntry (entry: Box, id: number): { video: VideoTrack, avc: AvcConfig | undefined } {
  const codec = VIDEO_CODECS.get(entry.type)
  if (codec === undefined) throw new Refusal('unsupported', `Video codec ${shown(entry.type)} is not taken`)
  const fields = new FieldReader(entry.body)
  fields.skip(24)
  const width = fields.u16()
  const height = fields.u16()
  fields.skip(50)
  const avc = codec === 'h264' ? readAvcConfig(needBox(fields.rest(), 'avcC')) : undefined
  return { video: { kind: 'video', id, codec, width, height, copyable: false }, avc }
}

/**
 * Reads an AudioSampleEntry (ISO/IEC 14496-12 section 12.2.3; versions 1 and 2 as in the QuickTime File
 * Format). Throws `Refusal` on other codecs, `Malformed`.
 */
export function readAudioEntry (entry: Box, id: number): AudioTrack {
  const codec = AUDIO_CODECS.get(entry.type)
  if (codec === undefined) throw new Refusal('unsupported', `Audio codec ${shown(entry.type)} is not taken`)
  const { sampleRate, channels, children } = readAudioFields(entry.body)
  const track: AudioTrack = { kind: 'audio', id, codec, sampleRate, channels, copyable: false }
  if (codec === 'aac') {
    const config = readEsds(esdsIn(children))
    return { ...track, sampleRate: config.sampleRate, channels: config.channels || channels, copyable: config.fitsAdts }
  }
  if (sampleRate === 0 || channels === 0) throw new Malformed('An audio track without a usable format')
  return track
}

function readAudioFields (body: Buffer): { sampleRate: number, channels: number, children: Buffer } {
  const fields = new FieldReader(body)
  fields.skip(8)
  const version = fields.u16()
  fields.skip(6)
  let channels = fields.u16()
  fields.skip(6)
  let sampleRate = fields.u32() / 0x10000
  if (version === 1) fields.skip(16)
  if (version === 2) {
    fields.skip(4)
    sampleRate = fields.f64()
    channels = fields.u32()
    fields.skip(20)
  }
  if (!(sampleRate >= 0 && sampleRate < 2 ** 32)) throw new Malformed('An audio track with an impossible sample rate')
  return { sampleRate: Math.round(sampleRate), channels, children: fields.rest() }
}

/** QuickTime puts the `esds` into a `wave` box. */
function esdsIn (children: Buffer): Buffer {
  const wave = findBox(children, 'wave')
  return needBox(wave?.body ?? children, 'esds')
}

/** Reads the body of an `esds` box (ISO/IEC 14496-14 section 6.7.2). */
function readEsds (body: Buffer): AacConfig {
  const es = openDescriptor(openFullBox(body).fields, ES_DESCRIPTOR)
  es.skip(2)
  const flags = es.u8()
  if ((flags & 0x80) !== 0) es.skip(2)
  if ((flags & 0x40) !== 0) es.skip(es.u8())
  if ((flags & 0x20) !== 0) es.skip(2)
  const decoder = openDescriptor(es, DECODER_CONFIG)
  const objectType = decoder.u8()
  if (objectType !== MPEG4_AUDIO) throw new Refusal('unsupported', `Audio codec mp4a.${objectType.toString(16)} is not taken`)
  decoder.skip(12)
  return readAudioSpecificConfig(openDescriptor(decoder, DECODER_SPECIFIC_INFO).rest())
}

/** Opens the descriptor that comes next, which has to have the given tag (ISO/IEC 14496-1 section 8.3.3). */
function openDescriptor (fields: FieldReader, tag: number): FieldReader {
  if (fields.u8() !== tag) throw new Malformed(`An elementary stream without descriptor ${tag}`)
  let size = 0
  for (let i = 0; i < 4; i++) {
    const byte = fields.u8()
    size = size * 128 + (byte & 0x7f)
    if (byte < 0x80) break
  }
  return new FieldReader(fields.take(size))
}
