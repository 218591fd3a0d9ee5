import type { BroadcastGap, BroadcastSnapshot } from '../../../client/broadcaster.ts'
import type { ClientError } from '../../../client/client-error.ts'
import { formatOf } from '../../../client/recording-format.ts'

/** More than this behind, in seconds, and the network is too slow for the moment. */
const SLOW_SECONDS = 3

export interface Situation {
  /** What it is, in a word or two. */
  title: string
  /** What that means. */
  text: string
  kind: 'ready' | 'busy' | 'live' | 'warning' | 'over'
}

/** What the studio says of a broadcast. Pure. */
export function situationOf ({ state, isRecording, condition, error, endReason, stats }: BroadcastSnapshot): Situation {
  switch (state) {
    case 'idle':
    case 'connecting': return { title: 'Going live …', text: '', kind: 'busy' }
    case 'live':
      if (!isRecording) return { title: 'Nothing is sent', text: 'You are still live. Choose what to show.', kind: 'warning' }
      if (condition === 'encoder-slow') return { title: 'The server is slow', text: 'It cannot keep up at the moment. Nothing is lost; viewers see you later than usual.', kind: 'warning' }
      if (condition !== null) return { title: 'The server is held up', text: 'What you send is kept. Viewers may have to wait for it.', kind: 'warning' }
      if (stats.lagSeconds > SLOW_SECONDS) return { title: 'The network is slow', text: `What you send arrives ${Math.round(stats.lagSeconds)} s late. Nothing is lost.`, kind: 'warning' }
      return { title: 'You are live', text: 'Viewers see you some seconds later.', kind: 'live' }
    case 'reconnecting': return { title: 'Reconnecting …', text: 'What you show meanwhile is kept, and sent when the connection is back.', kind: 'warning' }
    case 'ending': return { title: 'Ending …', text: 'The last seconds are being sent.', kind: 'busy' }
    case 'ended': return { title: 'The stream has ended', text: END_WORDS[endReason ?? ''] ?? '', kind: 'over' }
    case 'failed': return { title: FAILURE_TITLES[error?.code ?? ''] ?? 'The stream could not go on', text: error?.message ?? '', kind: 'over' }
  }
}

const FAILURE_TITLES: Partial<Record<string, string>> = { TAKEN_OVER: 'Sent from elsewhere now', SERVER_BUSY: 'The server is busy' }

/** Before the first start. */
export function beforeStart (hasSource: boolean, isOpening: boolean): Situation {
  if (hasSource) return { title: 'Ready', text: 'Nobody sees you yet.', kind: 'ready' }
  if (isOpening) return { title: 'One moment …', text: 'Your browser may ask for your permission.', kind: 'busy' }
  return { title: 'Nothing to show', text: 'Choose a camera, a screen or the test picture.', kind: 'warning' }
}

/** Why a broadcast did not begin. */
export function refusalText ({ code, message }: ClientError): string {
  switch (code) {
    case 'STREAM_ALREADY_EXISTS': return 'A stream of this name is live already. Choose another name.'
    case 'UNAUTHORIZED': return 'This server lets only those send who have a publish key. Enter yours, then try again.'
    case 'NO_CONNECTION': return 'The server cannot be reached. Check your connection, then try again.'
    default: return message
  }
}

/** Ends that nobody here has asked for. */
const END_WORDS: Partial<Record<string, string>> = {
  stopped: 'It was stopped on the server.',
  'broadcaster disconnected': 'The connection was gone for too long.',
  'ffmpeg error': 'The server could not process it.',
  'storage limit': 'It has reached the size that the server allows.',
  'disk full': "The server's disk is full.",
  'server busy': 'The server has no room for it at the moment.',
  'internal error': 'Something went wrong on the server.',
  'server closing': 'The server was closed.',
  'stopped without a connection': 'There was no connection to send the last seconds.',
  'stopped without an answer': 'The server did not confirm it.'
}

/** What viewers have missed. */
export function gapText ({ cause, seconds }: BroadcastGap): string {
  const length = seconds < 1 ? 'Less than a second' : `About ${Math.round(seconds)} s`
  return cause === 'buffer-full'
    ? `${length} could not be kept while the network was slow; viewers will not see that.`
    : `The connection was gone for longer than the server waits. A new broadcast has begun; ${length.toLowerCase()} before it may be missing.`
}

const CODEC_NAMES: Array<[RegExp, string]> = [[/^(avc|h264)/i, 'H.264'], [/^vp0?8/i, 'VP8'], [/^vp0?9/i, 'VP9'], [/^av0?1/i, 'AV1'], [/^mp4a/i, 'AAC'], [/^opus/i, 'Opus']]
const CONTAINER_NAMES: Partial<Record<string, string>> = { mp4: 'MP4', matroska: 'Matroska', webm: 'WebM' }

/** `video/x-matroska;codecs=avc1,opus` for people: `H.264 and Opus, Matroska`; a dash until it is known. */
export function formatText (mimeType: string): string {
  const { container, codecs } = formatOf(mimeType)
  if (container === '') return '–'
  const names = codecs.map(codec => CODEC_NAMES.find(([pattern]) => pattern.test(codec))?.[1] ?? codec)
  return [names.join(' and '), CONTAINER_NAMES[container] ?? container].filter(Boolean).join(', ')
}

/** `2.4 Mbit/s` */
export function bitrateText (bitsPerSecond: number): string {
  return bitsPerSecond < 1_000_000 ? `${Math.round(bitsPerSecond / 1000)} kbit/s` : `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`
}

/** `1.2 MB` */
export function sizeText (bytes: number): string {
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** `1:02:03`, from seconds. */
export function timeText (seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map(part => String(part).padStart(2, '0'))
  return [Math.floor(whole / 3600), ...parts].join(':')
}

/** Whom the end of a stream concerns. */
export function audienceText (viewers = 0): string {
  if (viewers === 0) return 'Nobody watches at present.'
  return viewers === 1 ? 'One viewer watches at present.' : `${viewers} viewers watch at present.`
}
