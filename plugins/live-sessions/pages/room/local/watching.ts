import { Player, type LoadHls } from '../../../../../src/client/player.ts'
import { streamUrl } from '../../../../../src/client/server-address.ts'
import type { Joined } from '../../api/live-session.ts'
import type { RoomConnection } from '../connection.ts'

/** Before a new token is asked for, should the one before have been refused too. */
const RENEW_MS = 2_000
const LAST_RENEW_MS = 30_000
/** Whether there is a picture again is asked so often, should nobody say so; an answer is waited for as long. */
const LOOK_MS = 5_000

export interface WatchingOptions {
  server: URL
  video: HTMLVideoElement
  loadHls: LoadHls
  connection: RoomConnection
  joined: () => Joined
  renew: () => Promise<Joined>
}

/** Somebody watches what the host sends, as long as it is sent, until `close()`. */
export class Watching {
  readonly player: Player
  readonly #options: WatchingOptions
  readonly #offs: Array<() => void>
  readonly #closing = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** The last one counts. */
  #looks = 0
  #renewMs = RENEW_MS

  constructor (options: WatchingOptions) {
    this.#options = options
    this.player = new Player(options)
    this.#offs = [
      options.connection.on('news', news => { if (news === 'picture') this.load() }),
      this.player.on('change', ({ playback }) => {
        if (playback === 'playing') this.#renewMs = RENEW_MS
        // What lets one watch is good for a while only.
        if (playback === 'refused') this.#renewSoon()
        if (playback === 'finished') this.#lookSoon()
      })
    ]
  }

  /** Begins with what is sent now: of a picture that has ended nobody is shown the beginning. */
  load (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    void this.#look()
  }

  close (): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
    for (const off of this.#offs) off()
    this.player.destroy()
  }

  #renewSoon (): void {
    if (this.#timer !== undefined || this.#closing.signal.aborted) return
    this.#timer = setTimeout(() => {
      // Where joining is refused too, the room itself says so.
      this.#options.renew().then(() => this.load(), () => {
        this.#timer = undefined
        this.#renewSoon()
      })
    }, this.#renewMs)
    this.#renewMs = Math.min(2 * this.#renewMs, LAST_RENEW_MS)
  }

  /** News are lost with the connection, and a host whose own was gone for long begins anew without any. */
  #lookSoon (): void {
    this.#timer ??= setTimeout(() => this.load(), LOOK_MS)
  }

  async #look (): Promise<void> {
    const look = ++this.#looks
    const { server, joined } = this.#options
    const { playback_url: address } = joined()
    if (address === undefined) return
    const url = playlistAt(address, server)
    const hasEnded = await this.#hasEnded(url)
    // Meanwhile there was news, or nobody watches any more.
    if (look !== this.#looks || this.#closing.signal.aborted) return
    if (hasEnded) this.#lookSoon()
    else this.player.load(url)
  }

  /** Of what cannot be had it is not known: the player tries for itself, and says why not. */
  async #hasEnded (playlist: URL): Promise<boolean> {
    try {
      const answer = await fetch(playlist, { signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(LOOK_MS)]) })
      return answer.ok && (await answer.text()).includes('#EXT-X-ENDLIST')
    } catch {
      return false
    }
  }
}

/**
 * Where a page of this server gets a playlist, whatever a proxy makes of paths.
 * @param address `…/livestream/<stream key>/live.m3u8?<what lets one watch>` @param server its root
 */
export function playlistAt (address: string, server: URL): URL {
  const { pathname, search } = new URL(address, server)
  const [name = '', key = ''] = pathname.split('/').reverse()
  const url = streamUrl(server, decodeURIComponent(key), name)
  url.search = search
  return url
}
