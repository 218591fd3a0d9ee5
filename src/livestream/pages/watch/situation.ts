import type { StreamState } from '../../../client/audience.ts'
import type { PlaybackState } from '../../../client/player.ts'

/** What the page says. */
export interface Situation {
  /** Whether what is seen is on air. */
  live: boolean
  words: string
  /** What lies over the picture. */
  veil?: Veil
}

export interface Veil {
  title: string
  text: string
  /** It goes on by itself. */
  busy: boolean
  /** A short interruption: the last picture stays in view. */
  thin: boolean
  /** The recording is offered. */
  replay: boolean
}

/** What the page knows. */
export interface Known {
  stream: StreamState
  playback: PlaybackState
  /** A fault of the server holds the stream up. */
  degraded: boolean
  /** Why the server does not let this viewer watch, in its words. */
  refusal?: string | undefined
}

/** What the page says, from what it knows. Pure: no element, no network. */
export function situationOf ({ stream, playback, degraded, refusal }: Known): Situation {
  const moving = playback === 'playing' || playback === 'paused'
  if (playback === 'unsupported') {
    return { live: false, words: 'Cannot play here', veil: veil('This browser cannot play the stream', 'It needs Media Source Extensions or HLS of its own.') }
  }
  if (playback === 'refused') {
    const why = refusal === undefined || refusal === '' ? '' : `${refusal}. `
    return { live: false, words: 'Not allowed', veil: veil('You cannot watch this stream', `${why}Whoever shared it can give you a new link.`) }
  }
  // The end is in the playlist too, for who does not hear the server.
  switch (playback === 'finished' ? 'ended' : stream) {
    case 'not-found':
      return { live: false, words: 'Not found', veil: veil('There is no such stream', 'If it begins later, it starts here by itself.') }
    case 'waiting':
      return { live: false, words: 'Waiting', veil: veil('The stream has not begun', 'It starts here by itself.', { busy: true }) }
    case 'ended':
      // What is still in the player is watched to its end.
      if (moving || playback === 'stalled') return { live: false, words: 'Ended' }
      return { live: false, words: 'Ended', veil: veil('The stream has ended', '', { replay: true }) }
    case 'reconnecting':
      if (moving) return { live: true, words: 'The broadcaster is reconnecting' }
      return { live: false, words: 'Reconnecting', veil: veil('The broadcaster is reconnecting', 'The stream goes on here by itself.', { busy: true, thin: playback === 'stalled' }) }
    case 'live':
      if (playback === 'paused') return { live: true, words: 'Paused' }
      if (degraded) return whileDegraded(playback)
      if (moving) return { live: true, words: '' }
      if (playback === 'stalled') return { live: false, words: 'Reconnecting', veil: veil('Reconnecting …', '', { busy: true, thin: true }) }
      return { live: true, words: '', veil: veil('Loading the stream …', '', { busy: true }) }
    default:
      if (moving) return { live: false, words: '' }
      return { live: false, words: 'Connecting', veil: veil('Connecting …', '', { busy: true }) }
  }
}

/** The server said what is wrong (`stream-condition`); a viewer needs to know only that it is not their own line. */
function whileDegraded (playback: PlaybackState): Situation {
  if (playback === 'playing') return { live: true, words: 'The server has trouble; the picture may pause' }
  return { live: false, words: 'The server has trouble', veil: veil('The server has trouble', 'The stream goes on here by itself.', { busy: true, thin: playback === 'stalled' }) }
}

function veil (title: string, text: string, { busy = false, thin = false, replay = false } = {}): Veil {
  return { title, text, busy, thin, replay }
}
