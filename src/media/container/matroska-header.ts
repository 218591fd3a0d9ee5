import { readAudioSpecificConfig } from './aac.ts'
import { Malformed, Refusal, shown } from './damage.ts'
import { elementsIn, readFloat, readString, readUint, writeElement } from './ebml.ts'
import { readAvcConfig, type AvcConfig } from './h264.ts'
import * as ID from './matroska-ids.ts'
import type { AudioCodec, AudioTrack, VideoCodec, VideoTrack } from './types.ts'

/** What a Tracks element says (RFC 9559 section 5.1.4). */
export interface MatroskaTracks {
  video: VideoTrack | undefined
  audio: AudioTrack | undefined
  /** Of an H.264 track that has a configuration. */
  avc: AvcConfig | undefined
  /** The numbers of all tracks, also of those that are not used. */
  numbers: ReadonlySet<number>
  /** A Tracks element with the used entries only. */
  element: Buffer
}

/** What matters of a TrackEntry. */
interface Entry {
  bytes: Buffer
  number: number
  type: number
  codecId: string
  codecPrivate: Buffer | undefined
  isEncoded: boolean
  width: number
  height: number
  sampleRate: number
  channels: number
}

const VIDEO_TYPE = 1
const AUDIO_TYPE = 2

const DEFAULT_TIMESTAMP_SCALE = 1_000_000

const VIDEO_CODECS = new Map<string, VideoCodec>([
  ['V_VP8', 'vp8'],
  ['V_VP9', 'vp9'],
  ['V_AV1', 'av1'],
  ['V_MPEG4/ISO/AVC', 'h264']
])

const AUDIO_CODECS = new Map<string, AudioCodec>([
  ['A_OPUS', 'opus'],
  ['A_VORBIS', 'vorbis'],
  ['A_AAC', 'aac'],
  ['A_PCM/INT/LIT', 'pcm'],
  ['A_PCM/INT/BIG', 'pcm'],
  ['A_PCM/FLOAT/IEEE', 'pcm']
])

/** TimestampScale of an Info element's body, in nanoseconds per tick (RFC 9559 section 5.1.2.9). Throws `Malformed`. */
export function readTimestampScale (info: Buffer): number {
  let scale = DEFAULT_TIMESTAMP_SCALE
  for (const { id, body } of elementsIn(info)) {
    if (id === ID.TIMESTAMP_SCALE) scale = readUint(body)
  }
  if (scale === 0) throw new Malformed('A time scale of zero')
  return scale
}

/**
 * Reads the body of a Tracks element: the first video and the first audio track are used. Throws
 * `Malformed`, and `Refusal` where one of the two cannot be taken or there is none.
 */
export function readTracks (tracks: Buffer): MatroskaTracks {
  const entries: Entry[] = []
  for (const { id, bytes, body } of elementsIn(tracks)) {
    if (id === ID.TRACK_ENTRY) entries.push(readEntry(bytes, body))
  }
  const numbers = new Set(entries.map(entry => entry.number))
  if (numbers.size !== entries.length) throw new Malformed('Two tracks with the same number')
  const videoEntry = entries.find(entry => entry.type === VIDEO_TYPE)
  const audioEntry = entries.find(entry => entry.type === AUDIO_TYPE)
  const used = entries.filter(entry => entry === videoEntry || entry === audioEntry)
  if (used.length === 0) throw new Refusal('unsupported', 'The recording has neither video nor audio')
  for (const entry of used) {
    if (entry.isEncoded) throw new Refusal('unsupported', `Track ${entry.number} is encrypted or compressed`)
  }
  const video = videoEntry === undefined ? undefined : videoTrack(videoEntry)
  return {
    video,
    audio: audioEntry === undefined ? undefined : audioTrack(audioEntry),
    avc: video?.codec === 'h264' ? avcConfig(videoEntry?.codecPrivate) : undefined,
    numbers,
    element: writeElement(ID.TRACKS, Buffer.concat(used.map(entry => entry.bytes)))
  }
}

function readEntry (bytes: Buffer, body: Buffer): Entry {
  const entry: Entry = {
    bytes,
    number: 0,
    type: 0,
    codecId: '',
    codecPrivate: undefined,
    isEncoded: false,
    width: 0,
    height: 0,
    sampleRate: 8000,
    channels: 1
  }
  for (const child of elementsIn(body)) {
    switch (child.id) {
      case ID.TRACK_NUMBER: entry.number = readUint(child.body); break
      case ID.TRACK_TYPE: entry.type = readUint(child.body); break
      case ID.CODEC_ID: entry.codecId = readString(child.body); break
      case ID.CODEC_PRIVATE: entry.codecPrivate = child.body; break
      case ID.CONTENT_ENCODINGS: entry.isEncoded = true; break
      case ID.VIDEO: readVideo(entry, child.body); break
      case ID.AUDIO: readAudio(entry, child.body); break
    }
  }
  if (entry.number === 0) throw new Malformed('A track without a number')
  return entry
}

function readVideo (entry: Entry, body: Buffer): void {
  for (const child of elementsIn(body)) {
    if (child.id === ID.PIXEL_WIDTH) entry.width = readUint(child.body)
    if (child.id === ID.PIXEL_HEIGHT) entry.height = readUint(child.body)
  }
}

function readAudio (entry: Entry, body: Buffer): void {
  for (const child of elementsIn(body)) {
    if (child.id === ID.SAMPLING_FREQUENCY) entry.sampleRate = Math.round(readFloat(child.body))
    if (child.id === ID.CHANNELS) entry.channels = readUint(child.body)
  }
  if (!(entry.sampleRate > 0 && entry.sampleRate < 2 ** 32) || entry.channels === 0) throw new Malformed('An audio track without a usable format')
}

function videoTrack ({ number, codecId, width, height }: Entry): VideoTrack {
  const codec = VIDEO_CODECS.get(codecId)
  if (codec === undefined) throw new Refusal('unsupported', `Video codec ${shown(codecId)} is not taken`)
  return { kind: 'video', id: number, codec, width, height, copyable: false }
}

function avcConfig (codecPrivate: Buffer | undefined): AvcConfig | undefined {
  return codecPrivate === undefined || codecPrivate.length === 0 ? undefined : readAvcConfig(codecPrivate)
}

function audioTrack ({ number, codecId, codecPrivate, sampleRate, channels }: Entry): AudioTrack {
  const codec = AUDIO_CODECS.get(codecId.startsWith('A_AAC/') ? 'A_AAC' : codecId)
  if (codec === undefined) throw new Refusal('unsupported', `Audio codec ${shown(codecId)} is not taken`)
  if (codec === 'vorbis' && codecPrivate === undefined) throw new Malformed('A Vorbis track without its headers')
  const track: AudioTrack = { kind: 'audio', id: number, codec, sampleRate, channels, copyable: false }
  if (codec !== 'aac' || codecPrivate === undefined) return track
  const config = readAudioSpecificConfig(codecPrivate)
  return { ...track, sampleRate: config.sampleRate, channels: config.channels || channels, copyable: config.fitsAdts }
}
