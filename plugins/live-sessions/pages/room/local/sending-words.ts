import type { BroadcastSnapshot } from '../../../../../src/client/broadcaster.ts'

interface Known {
  isLive: boolean
  hasSource: boolean
  isOpening: boolean
  /** Undefined before anything was sent. */
  snapshot: BroadcastSnapshot | undefined
}

/** What the host is told of what is sent. Pure. */
export function sendingWords ({ isLive, hasSource, isOpening, snapshot }: Known): { title: string, text: string, isTrouble: boolean } {
  switch (snapshot?.state) {
    case 'connecting': return { title: 'Going on air …', text: '', isTrouble: false }
    case 'live': return snapshot.isRecording
      ? { title: 'You are on air.', text: 'The others see you some seconds later.', isTrouble: false }
      : { title: 'Nothing is sent.', text: 'Choose what to show.', isTrouble: true }
    case 'reconnecting': return { title: 'Reconnecting …', text: 'What you show meanwhile is kept, and sent when the connection is back.', isTrouble: true }
    case 'ending': return { title: 'Ending …', text: 'The last seconds are being sent.', isTrouble: false }
    case 'failed': if (isLive) return { title: 'You are not on air.', text: snapshot.error?.message ?? '', isTrouble: true }
  }
  if (!hasSource) return isOpening ? { title: 'One moment …', text: 'Your browser may ask for your permission.', isTrouble: false } : { title: 'Nothing to show.', text: 'Choose a camera, a screen or the test picture.', isTrouble: true }
  if (isLive) return { title: 'You are not on air.', text: 'The session is live, and nobody sees you.', isTrouble: true }
  return { title: 'Ready.', text: 'Nobody sees you before the session starts.', isTrouble: false }
}
