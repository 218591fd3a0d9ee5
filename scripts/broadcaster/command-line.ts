import { parseArgs } from 'node:util'
import type { BroadcastOptions } from './broadcast.ts'
import { FORMATS, type Format } from './recording.ts'

export const HELP = `Sends a live broadcast to a Headwater server, as a browser would.

  tsx scripts/fake-broadcaster.ts [options]

Where to
  --url URL            the server (http://127.0.0.1:5050)
  --path PATH          path of Socket.IO (/socket.io)
  --key KEY            stream key (demo)
  --user ID            user id of the broadcaster (fake-broadcaster)
  --token TOKEN        publish credential, where the server asks for one

What
  --file FILE          a media file instead of the generated picture; tracks that fit are copied
  --transcode          encode the file's tracks anew in any case
  --seconds N          end after N seconds (otherwise: Ctrl-C, or the end of the file)
  --flash WHERE        picture or corner: where the white flash of each second is (picture)
  --no-audio           picture only
  --no-video           sound only

How
  --format FORMAT      h264       H.264 and Opus in Matroska, as Chromium records it (default)
                       h264-aac   H.264 and AAC in Matroska
                       mp4        H.264 and AAC in fragmented MP4, as Safari records it
                       vp8, vp9   VP8 or VP9 and Opus in WebM
  --size WxH           picture size (1280x720, or the file's own)
  --fps N              frames per second (30)
  --key-frames S       seconds from key frame to key frame (1)
  --video-kbps N       video bitrate (2000)
  --audio-kbps N       audio bitrate (96)
  --chunk-ms N         time that one chunk covers (250)

  --quiet              say nothing but failures
  --help               this text

The generated picture shows its media time and the time of day. At every full second of media time
it flashes white for two frames and beeps for 50 ms, so delay and lip sync can be measured anywhere.
`

export interface Command {
  options: BroadcastOptions
  quiet: boolean
}

/**
 * Reads the arguments after the script's name.
 * @returns `help` when that was asked for
 * @throws Error saying which argument is wrong
 */
export function readCommandLine (args: readonly string[]): Command | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:5050' },
      path: { type: 'string', default: '/socket.io' },
      key: { type: 'string', default: 'demo' },
      user: { type: 'string', default: 'fake-broadcaster' },
      token: { type: 'string' },
      file: { type: 'string' },
      transcode: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      flash: { type: 'string', default: 'picture' },
      'no-audio': { type: 'boolean', default: false },
      'no-video': { type: 'boolean', default: false },
      format: { type: 'string', default: 'h264' },
      size: { type: 'string' },
      fps: { type: 'string' },
      'key-frames': { type: 'string' },
      'video-kbps': { type: 'string' },
      'audio-kbps': { type: 'string' },
      'chunk-ms': { type: 'string' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return 'help'
  if (values['no-audio'] && values['no-video']) throw new Error('--no-audio and --no-video leave nothing to send')
  const { flash } = values
  if (flash !== 'picture' && flash !== 'corner') throw new Error('--flash must be picture or corner')
  return {
    quiet: values.quiet,
    options: {
      url: values.url,
      path: values.path,
      streamKey: values.key,
      userId: values.user,
      token: values.token,
      source: values.file === undefined ? { kind: 'generated', flash } : { kind: 'file', path: values.file, transcode: values.transcode },
      format: formatOf(values.format),
      audio: !values['no-audio'],
      video: !values['no-video'],
      ...sizeOf(values.size),
      ...numberAs('seconds', '--seconds', values.seconds),
      ...numberAs('frameRate', '--fps', values.fps, true),
      ...numberAs('keyFrameSeconds', '--key-frames', values['key-frames']),
      ...numberAs('videoKbps', '--video-kbps', values['video-kbps'], true),
      ...numberAs('audioKbps', '--audio-kbps', values['audio-kbps'], true),
      ...numberAs('chunkMs', '--chunk-ms', values['chunk-ms'], true)
    }
  }
}

function formatOf (text: string): Format {
  if (!Object.hasOwn(FORMATS, text)) throw new Error(`--format must be one of ${Object.keys(FORMATS).join(', ')}`)
  return text as Format
}

function sizeOf (text: string | undefined): { width: number, height: number } | undefined {
  if (text === undefined) return undefined
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text)?.map(Number) ?? []
  if (width === undefined || height === undefined || width < 16 || height < 16 || width % 2 > 0 || height % 2 > 0) {
    throw new Error('--size must be width x height in even pixels, for example 1280x720')
  }
  return { width, height }
}

function numberAs<K extends string> (name: K, option: string, text: string | undefined, integer = false): { [P in K]?: number } {
  if (text === undefined) return {}
  const value = Number(text)
  if (!(value > 0 && value < Infinity) || (integer && !Number.isInteger(value))) throw new Error(`${option} must be ${integer ? 'an integer' : 'a number'} above 0`)
  return { [name]: value } as { [P in K]?: number }
}
