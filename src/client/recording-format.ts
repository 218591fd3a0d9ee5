/** A kind of recording, by what the server has to do with it. */
export interface RecordingFormat {
  /** Stable name, to ask for it: `webm-vp8`. */
  id: string
  /** For people: `H.264 and Opus, Matroska`. */
  name: string
  container: 'mp4' | 'matroska' | 'webm'
  /** Names of the picture's codec; browsers differ in which they know. */
  video: readonly string[]
  /** Name of the sound's codec. */
  audio: string
}

/** What tracks a recording has. */
export interface RecordedTracks { video: boolean, audio: boolean }

/**
 * From the best to the last: what can be copied whole, then what has only its sound transcoded (Matroska before MP4
 * with Opus, whose chunks come only with key frames), then what is cheap to decode.
 */
export const RECORDING_FORMATS: readonly RecordingFormat[] = [
  // Safari wants profile and level.
  { id: 'mp4-h264-aac', name: 'H.264 and AAC, MP4', container: 'mp4', video: ['avc1', 'avc1.640028', 'avc1.42E01F'], audio: 'mp4a.40.2' },
  { id: 'matroska-h264', name: 'H.264 and Opus, Matroska', container: 'matroska', video: ['avc1'], audio: 'opus' },
  { id: 'webm-h264', name: 'H.264 and Opus, WebM', container: 'webm', video: ['h264'], audio: 'opus' },
  { id: 'webm-vp8', name: 'VP8 and Opus, WebM', container: 'webm', video: ['vp8'], audio: 'opus' },
  { id: 'mp4-h264-opus', name: 'H.264 and Opus, MP4', container: 'mp4', video: ['avc1'], audio: 'opus' },
  { id: 'webm-vp9', name: 'VP9 and Opus, WebM', container: 'webm', video: ['vp9'], audio: 'opus' },
  { id: 'webm-av1', name: 'AV1 and Opus, WebM', container: 'webm', video: ['av1'], audio: 'opus' },
  { id: 'mp4-vp9', name: 'VP9 and Opus, MP4', container: 'mp4', video: ['vp9'], audio: 'opus' },
  { id: 'mp4-av1', name: 'AV1 and Opus, MP4', container: 'mp4', video: ['av01'], audio: 'opus' }
]

const TYPES = { mp4: 'mp4', matroska: 'x-matroska', webm: 'webm' }

/** The MIME types to ask a MediaRecorder for, one after the other. */
export function mimeTypesOf ({ container, video, audio }: RecordingFormat, tracks: RecordedTracks): string[] {
  const sound = tracks.audio ? [audio] : []
  if (!tracks.video) return [`audio/${TYPES[container]};codecs=${sound.join()}`]
  return video.map(codec => `video/${TYPES[container]};codecs=${[codec, ...sound].join()}`)
}

/**
 * The best type that a browser can record.
 * @param isSupported `MediaRecorder.isTypeSupported`
 * @param id only this format
 * @returns the MIME type; an empty one where only the browser knows what it can; undefined when `id` cannot be recorded
 */
export function chooseMimeType (tracks: RecordedTracks, isSupported: (mimeType: string) => boolean, id?: string): string | undefined {
  const candidates = RECORDING_FORMATS.filter(format => id === undefined || format.id === id).flatMap(format => mimeTypesOf(format, tracks))
  return candidates.find(isSupported) ?? (id === undefined ? '' : undefined)
}

/** What a recorder really records, as its MIME type says it; it may be another one than was asked for. */
export function formatOf (mimeType: string): { container: string, codecs: string[] } {
  const [, subtype = '', parameters = ''] = /^[a-z]+\/([^;]*);?(.*)$/i.exec(mimeType.trim()) ?? []
  const codecs = /codecs\s*=\s*"?([^";]*)"?/i.exec(parameters)?.[1] ?? ''
  return { container: subtype.trim().replace(/^x-/, ''), codecs: codecs.split(',').map(codec => codec.trim()).filter(codec => codec !== '') }
}
