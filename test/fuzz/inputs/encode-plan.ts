import fc from 'fast-check'
import type { AudioTrack, InitSegment, VideoTrack } from '../../../src/media/container/types.ts'
import type { EncodeSettings } from '../../../src/media/ffmpeg/arguments.ts'
import { anySetting } from './settings.ts'

/** What `planFor` is given. */
export interface PlanInput {
  container: InitSegment['container']
  video: VideoTrack | undefined
  audio: AudioTrack | undefined
  present: { video: boolean, audio: boolean }
  startUs: number | undefined
  transcodeVideo: boolean
  settings: EncodeSettings
}

const SETTINGS = ['segmentTargetSeconds', 'silentTrackMs', 'maxVideoPixels', 'transcodePreset', 'transcodeVideoKbps', 'transcodeFrameRate', 'transcodeMaxPixels', 'transcodeThreads', 'audioKbps'] as const

const anySettings: fc.Arbitrary<EncodeSettings> = fc.tuple(...SETTINGS.map(name => anySetting(name))).map(values =>
  Object.fromEntries(SETTINGS.map((name, index) => [name, values[index]])) as unknown as EncodeSettings)

/** The container reader lets no picture pass that is larger than the limit; how it is shaped is up to the sender. */
function pictureWithin (maxPixels: number): fc.Arbitrary<{ width: number, height: number }> {
  return fc.integer({ min: 1, max: Math.min(maxPixels, 2 ** 32) }).chain(one => {
    const other = fc.integer({ min: 1, max: Math.max(1, Math.floor(maxPixels / one)) })
    return fc.tuple(other, fc.boolean()).map(([two, turned]) => turned ? { width: two, height: one } : { width: one, height: two })
  })
}

const codec = <T extends string>(...names: T[]) => fc.constantFrom(...names)

const sound: fc.Arbitrary<AudioTrack> = fc.record({
  kind: fc.constant('audio' as const),
  id: fc.integer({ min: 1, max: 127 }),
  codec: codec('opus', 'vorbis', 'aac', 'pcm'),
  sampleRate: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  channels: fc.integer({ min: 1, max: 2 ** 31 }),
  copyable: fc.boolean()
})

/** On a recording's time line, in microseconds; the reader lets only safe integers pass. */
const anyTime = fc.oneof(fc.integer({ min: -1_000_000, max: 100_000_000 }), fc.constantFrom(0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER), fc.maxSafeInteger())

export const planInput: fc.Arbitrary<PlanInput> = anySettings.chain(settings => fc.record({
  container: fc.constantFrom('matroska' as const, 'mp4' as const),
  video: fc.option(pictureWithin(settings.maxVideoPixels).chain(size => fc.record({
    kind: fc.constant('video' as const),
    id: fc.integer({ min: 1, max: 127 }),
    codec: codec('vp8', 'vp9', 'av1', 'h264'),
    width: fc.constant(size.width),
    height: fc.constant(size.height),
    copyable: fc.boolean()
  })), { nil: undefined }),
  audio: fc.option(sound, { nil: undefined }),
  present: fc.record({ video: fc.boolean(), audio: fc.boolean() }),
  startUs: fc.option(anyTime, { nil: undefined }),
  transcodeVideo: fc.boolean(),
  settings: fc.constant(settings)
}))

export function initOf ({ container, video, audio }: PlanInput): InitSegment {
  return { container, bytes: Buffer.from('header'), video, audio }
}
