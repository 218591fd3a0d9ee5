import { execFile } from 'node:child_process'

/** Runs a binary to its end; what it printed on standard error, and whether it succeeded. */
async function run (path: string, args: string[]): Promise<{ ok: boolean, stderr: string }> {
  return await new Promise(resolve => {
    execFile(path, args, { timeout: 15_000 }, (error, _stdout, stderr) => resolve({ ok: error === null, stderr }))
  })
}

/** Whether this FFmpeg can write text: it needs the filter and a font. One tiny picture tells both. */
export async function canDrawText (ffmpegPath: string): Promise<boolean> {
  const { ok } = await run(ffmpegPath, ['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', 'color=size=64x64,drawtext=text=0', '-frames:v', '1', '-f', 'null', '-'])
  return ok
}

export interface Tracks {
  /** Codec of the first picture track, in FFmpeg's words. */
  video?: string
  audio?: string
}

/** Codecs of a media file. @throws Error when it has neither picture nor sound that FFmpeg can read */
export async function readTracks (ffmpegPath: string, file: string): Promise<Tracks> {
  // FFmpeg asks for an output and fails; the description of the input is printed before. ffprobe may not be there.
  const { stderr } = await run(ffmpegPath, ['-hide_banner', '-i', file])
  const tracks = parseTracks(stderr)
  if (tracks.video === undefined && tracks.audio === undefined) {
    throw new Error(`There is nothing to send in ${file}: ${stderr.trim().split('\n').at(-1) ?? ''}`)
  }
  return tracks
}

/** Reads FFmpeg's description of an input. */
export function parseTracks (description: string): Tracks {
  const codecOf = (kind: string) => new RegExp(`^\\s+Stream #0:\\d+.*?: ${kind}: (\\w+)`, 'm').exec(description)?.[1]
  const video = codecOf('Video')
  const audio = codecOf('Audio')
  return { ...(video === undefined ? {} : { video }), ...(audio === undefined ? {} : { audio }) }
}
