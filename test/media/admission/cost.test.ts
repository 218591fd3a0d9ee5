import t from 'tap'
import { completeLivestreamOptions } from '../../../src/config/load.ts'
import { costOf } from '../../../src/media/admission/cost.ts'
import type { VideoTrack } from '../../../src/media/container/types.ts'
import type { EncodePlan } from '../../../src/media/ffmpeg/arguments.ts'

const settings = completeLivestreamOptions({ copyCost: 0.01, audioCost: 0.02, videoCost: 0.4 })
const hd = { width: 1280, height: 720 }
const plan = (video: EncodePlan['video'], audio: EncodePlan['audio'] = undefined): EncodePlan => ({ container: 'matroska', video, audio, startUs: undefined })
const came = (size: { width: number, height: number }) => ({ video: { kind: 'video', id: 1, codec: 'vp8', copyable: false, ...size } satisfies VideoTrack })
const cores = (of: EncodePlan, size = hd, changed: Partial<typeof settings> = {}) => Number(costOf(of, came(size), { ...settings, ...changed }).cores.toFixed(6))

t.test('a stream has the kind of the dearest that is done with a track', async t => {
  t.strictSame(costOf(plan('copy', 'copy'), came(hd), settings), { kind: 'copy', cores: 0.01 })
  t.strictSame(costOf(plan(undefined, 'copy'), { video: undefined }, settings), { kind: 'copy', cores: 0.01 })
  t.strictSame(costOf(plan('copy', 'transcode'), came(hd), settings), { kind: 'audio-transcode', cores: 0.03 })
  t.equal(costOf(plan(hd, 'copy'), came(hd), settings).kind, 'video-transcode')
  t.equal(costOf(plan(hd, 'transcode'), came(hd), settings).kind, 'video-transcode')
})

t.test('video costs in proportion to its pictures', async t => {
  t.equal(cores(plan(hd)), 0.41, 'the reference: 1280 x 720 at 30 fps, superfast')
  t.equal(cores(plan(hd, 'transcode')), 0.43)
  t.equal(cores(plan({ width: 640, height: 360 }), { width: 640, height: 360 }), 0.11)
  t.equal(cores(plan({ width: 640, height: 360 })), 0.01 + 0.4 * (0.15 + 0.85 / 4), 'a larger picture that comes has to be decoded all the same')
  t.equal(cores(plan(hd), hd, { transcodeFrameRate: 60 }), 0.81)
  t.equal(cores(plan(hd), hd, { transcodeFrameRate: 15 }), 0.01 + 0.4 * (0.15 + 0.85 / 2), 'what comes may have more')
})

t.test('a slower preset costs more', async t => {
  const presets = ['ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium'] as const
  const costs = presets.map(transcodePreset => cores(plan(hd), hd, { transcodePreset }))
  t.strictSame(costs, [...costs].sort((a, b) => a - b))
  t.equal(new Set(costs).size, presets.length)
})
