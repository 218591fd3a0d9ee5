import { Audience } from '../../../client/audience.ts'
import { Player, type LoadHls } from '../../../client/player.ts'
import { streamUrl } from '../../../client/server-address.ts'
import { withQuery } from '../signed-query.ts'

/** Without a word from the server after this, the picture is tried all the same. */
const TRY_ANYWAY_MS = 4_000

export interface ViewingOptions {
  streamKey: string
  server: URL
  /** Of the page's address (`signedQuery`). */
  query: string
  video: HTMLVideoElement
  loadHls: LoadHls
}

/** Somebody watches a stream: the player follows what the server says of it, until `close()`. */
export class Viewing {
  readonly audience: Audience
  readonly player: Player
  readonly #options: ViewingOptions
  readonly #tryAnyway: ReturnType<typeof setTimeout>
  #playedBroadcast = -1
  #replaying = false
  #steering = false
  #closed = false

  constructor (options: ViewingOptions) {
    const { streamKey, server, video, loadHls } = options
    this.#options = options
    this.audience = new Audience({ streamKey, server })
    this.player = new Player({ video, loadHls })
    this.audience.on('change', () => this.#steerSoon())
    this.player.on('change', () => this.#steerSoon())
    this.#tryAnyway = setTimeout(() => {
      if (this.audience.snapshot.stream === 'unknown' && this.player.snapshot.playback === 'idle') this.#playLive()
    }, TRY_ANYWAY_MS)
  }

  /** Plays the recording of the stream, from its beginning. */
  replay (): void {
    this.#replaying = true
    this.#load('stream.m3u8')
  }

  close (): void {
    this.#closed = true
    clearTimeout(this.#tryAnyway)
    this.audience.close()
    this.player.destroy()
  }

  /** What follows from several changes at once is done once, after all of them. */
  #steerSoon (): void {
    if (this.#steering) return
    this.#steering = true
    queueMicrotask(() => {
      this.#steering = false
      if (!this.#closed) this.#steer()
    })
  }

  #steer (): void {
    const { stream, broadcasts } = this.audience.snapshot
    const { playback } = this.player.snapshot
    if (stream === 'live' || stream === 'reconnecting') {
      if (this.#playedBroadcast !== broadcasts || playback === 'idle') this.#playLive()
    } else if (stream !== 'unknown' && playback === 'loading' && !this.#replaying) {
      this.player.stop()
    }
  }

  #playLive (): void {
    this.#playedBroadcast = this.audience.snapshot.broadcasts
    this.#replaying = false
    this.#load('live.m3u8')
  }

  #load (name: 'live.m3u8' | 'stream.m3u8'): void {
    const { server, streamKey, query } = this.#options
    this.player.load(withQuery(streamUrl(server, streamKey, name), query))
  }
}
