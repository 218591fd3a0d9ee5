import { EVENT_PLAYLIST } from '../media/hls/files.ts'
import { signPlayback } from './playback-signature.ts'

export interface PlaybackUrlOptions {
  /** Default: `stream.m3u8`. */
  playlist?: 'stream.m3u8' | 'live.m3u8'
  /** Until when the URL is good. Default: `playbackUrlSeconds` from now. */
  expiresAt?: Date
}

/** Where the media of streams is, as paths on this server. */
export class PlaybackUrls {
  /** Of the livestream API, with its prefix; the feature that serves it says so. */
  path: string
  readonly #keys: readonly string[]
  readonly #lifeMs: number
  readonly #isReserved: (streamKey: string) => boolean

  /** @param options `keys`: the first one signs; none: nothing is signed. `seconds`: life of a URL. `isReserved`: a feature owns the stream, where signatures mean nothing */
  constructor ({ path, keys, seconds, isReserved = () => false }: { path: string, keys: readonly string[], seconds: number, isReserved?: (streamKey: string) => boolean }) {
    this.path = path
    this.#keys = keys
    this.#lifeMs = seconds * 1000
    this.#isReserved = isReserved
  }

  /** A file of a stream, for who has a signature of their own. */
  plain (streamKey: string, name: string): string {
    return `${this.path}/${streamKey}/${name}`
  }

  /** A playlist, with all that is needed to play it. @throws RangeError when `expiresAt` is no date */
  signed (streamKey: string, { playlist = EVENT_PLAYLIST, expiresAt = new Date(Date.now() + this.#lifeMs) }: PlaybackUrlOptions = {}): string {
    const [key] = this.#keys
    const url = this.plain(streamKey, playlist)
    return key === undefined || this.#isReserved(streamKey) ? url : `${url}?${signPlayback(streamKey, { key, expiresAt })}`
  }
}
