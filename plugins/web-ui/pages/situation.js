/**
 * What the page says, from what it knows. Pure: no element, no network.
 *
 * @typedef {'unknown' | 'not-found' | 'waiting' | 'live' | 'reconnecting' | 'ended'} StreamState
 *   what the server says of the stream; `reconnecting`: its broadcaster is away and may come back
 * @typedef {'idle' | 'loading' | 'playing' | 'paused' | 'stalled' | 'finished' | 'unsupported'} PlaybackState
 *   what the player does
 * @typedef {{ badge: boolean, words: string, veil?: { title: string, text: string, busy: boolean, thin: boolean, replay: boolean } }} Situation
 *
 * @param {StreamState} stream
 * @param {PlaybackState} playback
 * @returns {Situation}
 */
export function situationOf (stream, playback) {
  const moving = playback === 'playing' || playback === 'paused'
  if (playback === 'unsupported') {
    return { badge: false, words: 'Cannot play here', veil: veil('This browser cannot play the stream', 'It needs Media Source Extensions or HLS of its own.') }
  }
  // The end is in the playlist too, for who does not hear the server.
  switch (playback === 'finished' ? 'ended' : stream) {
    case 'not-found':
      return { badge: false, words: 'Not found', veil: veil('There is no such stream', 'If it begins later, it starts here by itself.') }
    case 'waiting':
      return { badge: false, words: 'Waiting', veil: veil('The stream has not begun', 'It starts here by itself.', { busy: true }) }
    case 'ended':
      // What is still in the player is watched to its end.
      if (moving || playback === 'stalled') return { badge: false, words: 'Ended' }
      return { badge: false, words: 'Ended', veil: veil('The stream has ended', '', { replay: true }) }
    case 'reconnecting':
      if (moving) return { badge: true, words: 'The broadcaster is reconnecting' }
      return { badge: false, words: 'Reconnecting', veil: veil('The broadcaster is reconnecting', 'The stream goes on here by itself.', { busy: true, thin: playback === 'stalled' }) }
    case 'live':
      if (moving) return { badge: true, words: playback === 'paused' ? 'Paused' : '' }
      if (playback === 'stalled') return { badge: false, words: 'Reconnecting', veil: veil('Reconnecting …', '', { busy: true, thin: true }) }
      return { badge: true, words: '', veil: veil('Loading the stream …', '', { busy: true }) }
    default:
      if (moving) return { badge: false, words: '' }
      return { badge: false, words: 'Connecting', veil: veil('Connecting …', '', { busy: true }) }
  }
}

function veil (title, text, { busy = false, thin = false, replay = false } = {}) {
  return { title, text, busy, thin, replay }
}

/** @param {number} count */
export function viewersText (count) {
  return count === 1 ? '1 viewer' : `${count} viewers`
}
