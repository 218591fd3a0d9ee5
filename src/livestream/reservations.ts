import { HeadwaterError } from '../errors/catalogue.ts'
import type { PlaybackRequest, PlaybackResource, PublishRequest } from './host-hooks.ts'

/** What of a stream that a feature owns somebody asks for. `status`: that it is there, and how it does (HTTP); `events`: to hear what happens to it (Socket.IO). */
export type ReservedResource = PlaybackResource | 'status' | 'events'

/** Whether somebody may have something of a stream that a feature owns. For `events` address, headers and query are those of the handshake. */
export type ReservedPlaybackRequest = Omit<PlaybackRequest, 'resource'> & { readonly resource: ReservedResource }

/**
 * The streams that a feature owns: all whose keys begin with `prefix`. Its functions are asked in place of the settings
 * and hooks that hold for all others; they answer as hooks of a host do (`HostHooks`), within `hostHookTimeoutMs`.
 */
export interface Reservation {
  /** Beginning of stream keys. */
  prefix: string
  /** Who publishes. In place of `PUBLISH_AUTH` and the host's hook. Not asked of who proves with its resume token that the stream is its own. */
  authorizePublish: (request: PublishRequest) => boolean | Promise<boolean>
  /** Who watches, and who learns of a stream at all. In place of `PLAYBACK_KEYS` and the host's hook. */
  authorizePlayback: (request: ReservedPlaybackRequest) => boolean | Promise<boolean>
  /** Names in the query that a playlist hands on to its segments. */
  playbackQuery?: readonly string[]
}

const PREFIX = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const QUERY_NAME = /^[A-Za-z0-9_-]{1,64}$/

/** Which streams belong to features. */
export class Reservations {
  readonly #reservations: Reservation[] = []

  /** @throws HeadwaterError `CONFIG_INVALID` for a prefix that is none, or that shares keys with another */
  add (reservation: Reservation): void {
    const { prefix, playbackQuery = [] } = reservation
    if (!PREFIX.test(prefix)) throw new HeadwaterError('CONFIG_INVALID', { message: `No stream key begins with "${prefix}"` })
    const wrong = playbackQuery.find(name => !QUERY_NAME.test(name))
    if (wrong !== undefined) throw new HeadwaterError('CONFIG_INVALID', { message: `"${wrong}" is no name in a query` })
    const other = this.#reservations.find(known => known.prefix.startsWith(prefix) || prefix.startsWith(known.prefix))
    if (other !== undefined) throw new HeadwaterError('CONFIG_INVALID', { message: `Stream keys that begin with "${prefix}" and with "${other.prefix}" cannot both be reserved: some are the same` })
    this.#reservations.push(reservation)
  }

  /** Whose a stream is; undefined: no feature's. */
  of (streamKey: string): Reservation | undefined {
    return this.#reservations.find(({ prefix }) => streamKey.startsWith(prefix))
  }
}

/** What of a request's query a playlist hands on; a name that stands there twice is left out. */
export function handedOn ({ playbackQuery = [] }: Reservation, query: PlaybackRequest['query']): string | undefined {
  const parts = playbackQuery.flatMap(name => {
    const value = query[name]
    return typeof value === 'string' ? [`${name}=${encodeURIComponent(value)}`] : []
  })
  return parts.length === 0 ? undefined : parts.join('&')
}
