import type { Viewing } from './viewing.ts'

declare global {
  interface Window {
    /**
     * For tests and for support: what the page knows, to read only.
     *
     * - `stream`: what the server says of the stream (`StreamState`)
     * - `playback`: what the player does (`PlaybackState`)
     * - `refusal`: why the server refused
     * - `connected`, `viewers`: the Socket.IO side
     * - `errors`: the last errors of hls.js, `{ type, details, fatal, at }`
     * - `latencySeconds`: `Player.secondsBehindLive`
     * - `pictureTime`: `Player.pictureTime`
     */
    headwaterPlayer?: object
  }
}

/** @returns what takes it away again */
export function showForSupport ({ audience, player }: Viewing): () => void {
  const hook = window.headwaterPlayer = Object.freeze({
    get stream () { return audience.snapshot.stream },
    get playback () { return player.snapshot.playback },
    get refusal () { return player.snapshot.refusal },
    get connected () { return audience.snapshot.connected },
    get viewers () { return audience.snapshot.viewers },
    get errors () { return player.snapshot.errors },
    get latencySeconds () { return player.secondsBehindLive },
    get pictureTime () { return player.pictureTime }
  })
  return () => { if (window.headwaterPlayer === hook) delete window.headwaterPlayer }
}
