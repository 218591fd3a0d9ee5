import { Player, type LoadHls } from '../../../../../src/client/player.ts'
import { streamUrl } from '../../../../../src/client/server-address.ts'
import type { Joined } from '../../api/live-session.ts'
import type { RoomConnection } from '../connection.ts'

/** Before a new token is asked for, should the one before have been refused too. */
const RENEW_MS = 2_000
const LAST_RENEW_MS = 30_000

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
