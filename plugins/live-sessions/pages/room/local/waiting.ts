import type { PlaybackState } from '../../../../../src/client/player.ts'
import type { Waiting } from '../stage.tsx'

/** What stands in place of the picture; undefined: nothing. Pure. */
export function waitingFor (isLive: boolean, playback: PlaybackState): Waiting | undefined {
  if (!isLive) return { title: 'The session has not begun', text: 'It starts here by itself.' }
  switch (playback) {
    case 'playing':
    case 'paused': return undefined
    case 'stalled': return { title: 'The picture is held up …', text: '', isThin: true }
    case 'finished': return { title: 'The host sends nothing at the moment', text: 'The picture comes back by itself.' }
    case 'unsupported': return { title: 'This browser cannot play the picture', text: 'It needs Media Source Extensions or HLS of its own.' }
    default: return { title: 'Waiting for the picture of the host …', text: 'It appears here by itself.' }
  }
}
