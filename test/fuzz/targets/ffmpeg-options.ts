import fc from 'fast-check'
import { encodeArguments, planFor } from '../../../src/media/ffmpeg/arguments.ts'
import { locateFfmpeg } from '../../../src/media/ffmpeg/locate.ts'
import { startFfmpeg } from '../../../src/media/ffmpeg/process.ts'
import { read } from '../../media/container/reading.ts'
import { initOf, planInput, type PlanInput } from '../inputs/encode-plan.ts'
import { LARGE_RECORDINGS, RECORDINGS } from '../inputs/recordings.ts'
import { must, type FuzzTarget } from '../target.ts'

interface OptionsInput {
  plan: PlanInput
  /** Whether FFmpeg gets a recording, so that it opens the output too; without one it looks at the input's options only. */
  fed: boolean
}

/** Of H.264 and Opus; FFmpeg finds both tracks in them. */
const RECORDING = { matroska: wholeUnits(RECORDINGS['h264-opus']!), mp4: wholeUnits(LARGE_RECORDINGS['h264-opus-mp4']!) }
const DEFAULT_PIXELS = 3840 * 2160
/** Larger pictures say nothing more about options, and take long. */
const MOST_PIXELS = 640 * 360
const STOP = { drainMs: 20_000, termMs: 1_000 }
const INPUT_FAULT = /pipe:0: (Invalid data found|End of file)|moov atom not found|Output file is empty/
const OPTION_FAULT = /Unrecognized option|not found for|out of range|Unable to parse|Error (parsing|setting|applying|opening|initializing)|Invalid argument|Option .* not found|Missing argument|Undefined constant/i

/** Up to the end of the last frame or fragment that is whole, as the server feeds it. */
function wholeUnits (recording: Buffer): Buffer {
  return recording.subarray(0, read(recording).units.at(-1)!.end)
}

/** The pipeline starts no process without a track. */
function feasible (input: PlanInput): PlanInput {
  const { settings, video, audio } = input
  return {
    ...input,
    video: video ?? (audio === undefined ? { kind: 'video', id: 1, codec: 'vp8', width: 64, height: 48, copyable: false } : undefined),
    present: { video: true, audio: true },
    settings: { ...settings, maxVideoPixels: Math.max(settings.maxVideoPixels, DEFAULT_PIXELS), transcodeMaxPixels: Math.min(settings.transcodeMaxPixels, MOST_PIXELS) }
  }
}

async function check (path: string, { plan: input, fed }: OptionsInput): Promise<void> {
  const plan = planFor(initOf(input), input.present, input.startUs, input.transcodeVideo, input.settings)
  const ffmpeg = startFfmpeg(path, encodeArguments(plan, input.settings), STOP)
  ffmpeg.stdout.resume()
  if (fed) await ffmpeg.write([RECORDING[input.container]])
  ffmpeg.finish()
  const { code, signal, stopReason, stderr, spawnError } = await ffmpeg.exit
  must(spawnError === undefined && signal === null && stopReason === undefined, () => `FFmpeg had to be stopped: ${stderr}`)
  must(!OPTION_FAULT.test(stderr), () => `FFmpeg finds fault with an option: ${stderr}`)
  if (fed) must(code === 0, () => `FFmpeg ends with ${code}: ${stderr}`)
  else must(code !== 0 && INPUT_FAULT.test(stderr), () => `FFmpeg ends with ${code} on an empty input: ${stderr}`)
}

/** src/media/ffmpeg/arguments.ts, before the real FFmpeg: it takes every option. */
export const ffmpegOptions: FuzzTarget<OptionsInput> = {
  id: 'ffmpeg-options',
  oneIn: 500,
  // How long FFmpeg works depends on the machine; that it ends is what is looked at.
  slowestMs: STOP.drainMs,
  inputs: fc.record({ plan: planInput.map(feasible), fed: fc.boolean() }),
  open: async () => {
    const { path } = await locateFfmpeg()
    return { check: async input => { await check(path, input) }, close: async () => {} }
  }
}
