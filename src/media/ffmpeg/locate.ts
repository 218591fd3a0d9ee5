import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { promisify } from 'node:util'
import { HeadwaterError } from '../../errors/catalogue.ts'

const run = promisify(execFile)
const CHECK_TIMEOUT_MS = 15_000

type Ability = 'encoders' | 'decoders' | 'muxers' | 'demuxers'

/** What the live core needs. Of alternatives one is enough. */
const NEEDED: Record<Ability, string[][]> = {
  encoders: [['libx264'], ['aac'], ['mjpeg']],
  decoders: [['vp8', 'libvpx'], ['vp9', 'libvpx-vp9'], ['libdav1d', 'libaom-av1', 'av1'], ['h264'], ['opus', 'libopus'], ['vorbis', 'libvorbis'], ['aac']],
  muxers: [['mpegts'], ['mp4'], ['mjpeg']],
  demuxers: [['matroska'], ['mov'], ['mpegts']]
}

export interface FfmpegBinary {
  path: string
  /** As FFmpeg prints it, for example `5.1.9-0+deb12u1`. */
  version: string
  /** Where it was found. */
  source: 'FFMPEG_PATH' | 'PATH' | 'ffmpeg-static'
}

interface Candidate {
  path: string
  source: FfmpegBinary['source']
}

/**
 * The first FFmpeg that can do the work: FFMPEG_PATH, then `ffmpeg` on PATH, then ffmpeg-static (an
 * optional package). Each candidate is run and checked. A path that was given is not passed over.
 * @throws HeadwaterError `FFMPEG_NOT_FOUND`, saying what was tried and what to do
 */
export async function locateFfmpeg (options: { path?: string | undefined } = {}): Promise<FfmpegBinary> {
  const tried: string[] = []
  for (const candidate of await candidates(options.path ?? '')) {
    try {
      return { ...candidate, version: await checkFfmpeg(candidate.path) }
    } catch (error) {
      tried.push(`${candidate.path} (${candidate.source}): ${(error as Error).message.split('\n')[0]}`)
    }
  }
  throw new HeadwaterError('FFMPEG_NOT_FOUND', {
    message: `No usable FFmpeg was found. Tried ${tried.join('; ')}. Install one (Debian, Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg) or set FFMPEG_PATH.`
  })
}

/** Runs a binary and checks what it can do. @returns its version @throws Error saying what is missing */
export async function checkFfmpeg (path: string): Promise<string> {
  const ask = async (argument: string) => (await run(path, ['-hide_banner', argument], { timeout: CHECK_TIMEOUT_MS, maxBuffer: 4_000_000 })).stdout
  const version = /^ffmpeg version (\S+)/.exec(await ask('-version'))?.[1]
  if (version === undefined) throw new Error('it is not FFmpeg')
  // A process each: most of its time goes into loading the libraries.
  const [codecs, formats] = await Promise.all([ask('-codecs'), ask('-formats')])
  const has: Record<Ability, Set<string>> = { ...codersIn(codecs), ...formatsIn(formats) }
  const missing = (Object.entries(NEEDED) as Array<[Ability, string[][]]>).flatMap(([ability, needed]) => {
    return needed.filter(alternatives => !alternatives.some(name => has[ability].has(name))).map(alternatives => `${alternatives.join(' or ')} (${ability})`)
  })
  if (missing.length > 0) throw new Error(`it lacks ${missing.join(', ')}`)
  return version
}

/** `-codecs`: flags, the codec's name, what it is; in brackets whatever decodes and encodes it, where that has another name. */
function codersIn (list: string): { decoders: Set<string>, encoders: Set<string> } {
  const codecs = [...list.matchAll(/^ (?<decodes>[D.])(?<encodes>[E.])[A-Z.]{4} (?<name>\S+)(?<rest>.*)$/gm)].map(({ groups }) => groups!)
  const named = (flag: string, word: string) => new Set(codecs.filter(codec => codec[flag] !== '.').flatMap(({ name, rest }) => {
    return new RegExp(`\\(${word}: ([^)]+)\\)`).exec(rest!)?.[1]!.trim().split(' ') ?? [name!]
  }))
  return { decoders: named('decodes', 'decoders'), encoders: named('encodes', 'encoders') }
}

/** `-formats`: flags, then the name, or names with commas. */
function formatsIn (list: string): { demuxers: Set<string>, muxers: Set<string> } {
  const formats = [...list.matchAll(/^ (?<reads>[D ])(?<writes>[E ])[d ]? *(?<names>\S+)/gm)].map(({ groups }) => groups!)
  const named = (flag: string) => new Set(formats.filter(format => format[flag] !== ' ').flatMap(({ names }) => names!.split(',')))
  return { demuxers: named('reads'), muxers: named('writes') }
}

async function candidates (given: string): Promise<Candidate[]> {
  if (given !== '') return [{ path: given, source: 'FFMPEG_PATH' }]
  const bundled = await bundledPath()
  return [
    { path: 'ffmpeg', source: 'PATH' },
    ...(bundled !== undefined && await isExecutable(bundled) ? [{ path: bundled, source: 'ffmpeg-static' as const }] : [])
  ]
}

async function isExecutable (path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(() => true, () => false)
}

/** ffmpeg-static names a path even where its download was skipped. */
async function bundledPath (): Promise<string | undefined> {
  try {
    const name = 'ffmpeg-static'
    const { default: path } = await import(name) as { default: string | null }
    return path ?? undefined
  } catch {
    return undefined
  }
}
