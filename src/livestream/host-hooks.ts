import type { IncomingHttpHeaders } from 'node:http'
import { HeadwaterError } from '../errors/catalogue.ts'
import type { EndReason } from '../media/stream-state.ts'

/**
 * What a publisher is about to do.
 *
 * - `start`: begin a broadcast on a key that is free or prepared
 * - `resume`: go on with a running one without its resume token, as the same `userId`
 * - `prepare`, `stop`, `debug`: the HTTP route of that name (`prepare` is `POST …/start`)
 */
export type PublishAction = 'start' | 'resume' | 'prepare' | 'stop' | 'debug'

/** Whether somebody may publish. */
export interface PublishRequest {
  readonly streamKey: string
  /** As claimed; undefined where the request names nobody. */
  readonly userId: string | undefined
  readonly action: PublishAction
  /** `auth.token` of the Socket.IO handshake, or what stands behind `Authorization: Bearer`. Unchecked with `PUBLISH_AUTH=open`. */
  readonly credential: string | undefined
  /** Where the request comes from, as the server sees it. */
  readonly address: string
  /** Of the request or the handshake: cookies for example. */
  readonly headers: IncomingHttpHeaders
  /** Fires when the answer is not waited for any more: the time is over, or who asked has gone. */
  readonly signal: AbortSignal
}

/** What of a stream is asked for over HTTP. */
export type PlaybackResource = 'playlist' | 'segment' | 'thumbnail'

/** Whether somebody may have media of a stream. */
export interface PlaybackRequest {
  readonly streamKey: string
  readonly resource: PlaybackResource
  readonly address: string
  readonly headers: IncomingHttpHeaders
  /** The query of the URL; a name that stands there twice has a list. */
  readonly query: Readonly<Record<string, string | string[] | undefined>>
  /** Fires when the answer is not waited for any more: the time is over, or who asked has gone. */
  readonly signal: AbortSignal
}

export interface StreamStartedEvent {
  readonly streamKey: string
  readonly userId: string
  readonly title?: string
  readonly startedAt: Date
  /** An earlier server began it, and this one goes on with it; told once, when this server is ready. */
  readonly resumed?: true
}

export interface StreamEndedEvent extends StreamStartedEvent {
  readonly endedAt: Date
  readonly reason: EndReason
  /** Segments published. */
  readonly segmentCount: number
  /** Media published, in seconds. */
  readonly durationSeconds: number
  /** All segments together. */
  readonly bytes: number
}

export interface SegmentListedEvent {
  readonly streamKey: string
  /** Media sequence number: grows by one with each segment of a stream. */
  readonly sequence: number
  readonly durationSeconds: number
  readonly bytes: number
  /** The encoding or the time line changed since the segment before it. */
  readonly discontinuity: boolean
  /** The file on disk; the retention removes it later. */
  readonly path: string
  /** Its path on this server, without a signature. */
  readonly url: string
}

/** What happens to streams, by name. The payloads are frozen copies. */
export interface LiveEventMap {
  'stream-started': [event: StreamStartedEvent]
  'stream-ended': [event: StreamEndedEvent]
  'segment-listed': [event: SegmentListedEvent]
}

/**
 * Functions of the host that the live core calls (docs/hooks.md). Each has `hostHookTimeoutMs`.
 *
 * Questions fail closed. `true` goes on, `false` is told as `UNAUTHORIZED`, a thrown `HeadwaterError` as it is. Whatever
 * else is thrown or answered, and no answer in time, is told as `AUTHORIZATION_FAILED` and logged with its cause.
 *
 * What is told holds no stream up and cannot fail it: for each stream one call after the other, in the order of the
 * events; a failure is logged. `signal` fires when the call is not waited for any more.
 */
export interface HostHooks {
  /** Asked when `PUBLISH_AUTH` has no objection. Not asked of who proves with its resume token that the stream is its own. */
  authorizePublish?: (request: PublishRequest) => boolean | Promise<boolean>
  /** Asked for each playlist, segment and thumbnail over HTTP, when the signature (`PLAYBACK_KEYS`) is right. */
  authorizePlayback?: (request: PlaybackRequest) => boolean | Promise<boolean>
  onStreamStarted?: (event: StreamStartedEvent, signal: AbortSignal) => void | Promise<void>
  onStreamEnded?: (event: StreamEndedEvent, signal: AbortSignal) => void | Promise<void>
  onSegmentListed?: (event: SegmentListedEvent, signal: AbortSignal) => void | Promise<void>
}

export const HOST_HOOKS = ['authorizePublish', 'authorizePlayback', 'onStreamStarted', 'onStreamEnded', 'onSegmentListed'] as const satisfies Array<keyof HostHooks>

/**
 * The hooks among a plugin's options, and its settings.
 * @throws HeadwaterError `CONFIG_INVALID` for a hook that is no function
 */
export function separateHooks<Options extends HostHooks> (options: Options): { hooks: HostHooks, settings: Omit<Options, keyof HostHooks> } {
  const names: readonly string[] = HOST_HOOKS
  const [hooks, settings] = [true, false].map(isHook => Object.fromEntries(Object.entries(options).filter(([name, value]) => names.includes(name) === isHook && !(isHook && value === undefined))))
  for (const [name, hook] of Object.entries(hooks!)) {
    if (typeof hook !== 'function') throw new HeadwaterError('CONFIG_INVALID', { message: `${name} must be a function` })
  }
  return { hooks: hooks as HostHooks, settings: settings as Omit<Options, keyof HostHooks> }
}
