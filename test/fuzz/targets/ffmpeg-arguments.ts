import { encodeArguments, firstPictureUs, planFor, type EncodePlan } from '../../../src/media/ffmpeg/arguments.ts'
import { initOf, planInput, type PlanInput } from '../inputs/encode-plan.ts'
import { must, withoutSetup, type FuzzTarget } from '../target.ts'

/** FFmpeg keeps these as 32-bit numbers with a sign. */
const MOST_INT = 2 ** 31 - 1
/** x264 takes no longer side. */
const LONGEST_SIDE = 16_384
const INPUT = 'pipe:0'
const OUTPUT = 'pipe:1'
/** Progress. */
const OTHER_PIPES = new Set(['pipe', 'pipe:3'])
const WHITELISTS = { matroska: 'matroska,webm', mp4: 'mov,mp4,m4a,3gp,3g2,mj2' }
const NO_NUMBER = /NaN|Infinity|undefined|null|\d[eE][+-]?\d/

function check (input: PlanInput): void {
  const plan = planFor(initOf(input), input.present, input.startUs, input.transcodeVideo, input.settings)
  const args = encodeArguments(plan, input.settings)
  checkWords(args)
  checkGates(args, plan)
  checkPicture(args, plan, input)
  checkRanges(args)
  if (input.startUs !== undefined) must(Number.isFinite(firstPictureUs(plan.video, input.startUs, input.settings)), 'the first picture has no time')
}

function checkWords (args: readonly unknown[]): void {
  for (const argument of args) {
    must(typeof argument === 'string' && argument !== '', () => `an argument that is no text: ${String(argument)}`)
    must(!NO_NUMBER.test(argument), () => `an odd number: ${argument}`)
    must(/^[\x20-\x7e]+$/.test(argument), () => `an odd character: ${argument}`)
  }
}

/** One input and one output, both of them pipes, and nothing else that FFmpeg could open. */
function checkGates (args: string[], plan: EncodePlan): void {
  const inputAt = args.indexOf('-i')
  must(args.lastIndexOf('-i') === inputAt && inputAt > 0 && args[inputAt + 1] === INPUT, 'one input, which is pipe:0')
  must(args.at(-1) === OUTPUT, 'the output is pipe:1')
  for (const [option, value] of [['-protocol_whitelist', 'pipe'], ['-format_whitelist', WHITELISTS[plan.container]], ['-f', plan.container]] as const) {
    const at = args.indexOf(option)
    must(at >= 0 && at < inputAt && args[at + 1] === value, () => `${option} ${value} stands before the input`)
  }
  const pipes = args.filter(argument => argument.startsWith('pipe') && !OTHER_PIPES.has(argument))
  must(pipes.join() === [INPUT, OUTPUT].join(), () => `the pipes are ${pipes.join()}`)
  must(args.every(argument => !/:\/\/|^\/|^file:|\.\./.test(argument)), 'something that can be opened')
}

function checkPicture (args: string[], { video }: EncodePlan, { settings }: PlanInput): void {
  must((typeof video === 'object') === args.includes('-vf'), 'filters where there is nothing to filter')
  if (typeof video !== 'object') return
  const { width, height } = video
  must(width % 2 === 0 && height % 2 === 0 && width > 0 && height > 0, () => `a picture of ${width}x${height}`)
  must(width * height <= settings.transcodeMaxPixels, () => `${width}x${height} is over ${settings.transcodeMaxPixels} pixels`)
  must(width <= LONGEST_SIDE && height <= LONGEST_SIDE, () => `${width}x${height} has too long a side`)
  must(args[args.indexOf('-vf') + 1]!.includes(`pad=${width}:${height}:`), 'the picture is padded to its size')
}

function checkRanges (args: string[]): void {
  for (const [option, most] of [['-max_pixels', MOST_INT], ['-threads', 64], ['-threads:v', 64], ['-g', MOST_INT], ['-maxrate', MOST_INT], ['-bufsize', MOST_INT], ['-b:a', MOST_INT], ['-max_interleave_delta', Number(2n ** 63n - 1n)]] as const) {
    const at = args.indexOf(option)
    if (at < 0) continue
    const value = args[at + 1]!
    const number = value.endsWith('k') ? Number(value.slice(0, -1)) * 1000 : Number(value)
    must(Number.isInteger(number) && number >= 0 && number <= most, () => `${option} ${value}`)
  }
}

/** src/media/ffmpeg/arguments.ts: whatever the header of a recording says and the settings admit. */
export const ffmpegArguments: FuzzTarget<PlanInput> = {
  id: 'ffmpeg-arguments',
  inputs: planInput,
  open: withoutSetup(check)
}
