import { Player, type LoadHls } from '../../../../../src/client/player.ts'
import { streamUrl } from '../../../../../src/client/server-address.ts'
import type { Joined } from '../../api/live-session.ts'
import type { RoomConnection } from '../connection.ts'

/** Before a new token is asked for, should the one before have been refused too. */
const RENEW_MS = 2_000
const LAST_RENEW_MS = 30_000
/** Whether there is a picture again is asked so often, should nobody say so. */
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

  load (): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { server, joined } = this.#options
    const { playback_url: address } = joined()
    if (address !== undefined) this.player.load(playlistAt(address, server))
  }

  close (): void {
    this.#closing.abort()
    clearTimeout(this.#timer)
    for (const off of this.#offs) off()
    this.player.destroy()
  }

  #renewSoon (): void {
    if (this.#timer !== undefined) return
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
    this.#timer ??= setTimeout(() => { void this.#look() }, LOOK_MS)
  }

  async #look (): Promise<void> {
    const timer = this.#timer
    const isThere = await this.#isPictureThere()
    // Meanwhile there was news, or nobody watches any more.
    if (timer !== this.#timer || this.#closing.signal.aborted) return
    this.#timer = undefined
    if (isThere) this.load()
    else this.#lookSoon()
  }

  async #isPictureThere (): Promise<boolean> {
    const { server, joined } = this.#options
    const { playback_url: address } = joined()
    if (address === undefined) return false
    try {
      const answer = await fetch(playlistAt(address, server), { signal: this.#closing.signal })
      // Who is refused by now finds out, and what lets them watch is renewed.
      return answer.status === 403 || (answer.ok && !(await answer.text()).includes('#EXT-X-ENDLIST'))
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
