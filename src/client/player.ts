import type Hls from 'hls.js'
import type { ErrorTypes, HlsConfig } from 'hls.js'
import { ServerClock } from './server-clock.ts'
import { Stateful } from './stateful.ts'

/**
 * What a player does.
 *
 * - `idle`: nothing is loaded
 * - `loading`: it has not begun to move
 * - `playing`, `paused`
 * - `stalled`: it stands still for want of media; it goes on by itself
 * - `finished`: it has come to the end of the stream
 * - `refused`: the server does not let this viewer watch; `refusal` says why. Only another `load` tries again
 * - `unsupported`: this browser cannot play HLS
 */
export type PlaybackState = 'idle' | 'loading' | 'playing' | 'paused' | 'stalled' | 'finished' | 'refused' | 'unsupported'

/** An error of hls.js, fatal (it cannot go on by itself, the player can) or not. */
export interface PlayerError {
  readonly type: string
  readonly details: string
  readonly fatal: boolean
  /** Milliseconds since the page was opened. */
  readonly at: number
}

export interface PlayerState {
  readonly playback: PlaybackState
  /** Undefined until the first segment came, and where the browser plays natively. */
  readonly tracks: { readonly audio: boolean, readonly video: boolean } | undefined
  /** Further from the live edge than it makes up for by itself, or paused: `goLive()` helps. */
  readonly behindLive: boolean
  /** Why the server refused, in its words, in the state `refused`. */
  readonly refusal: string | undefined
  /** The last 50. */
  readonly errors: readonly PlayerError[]
}

/** Gives hls.js, or its light build, for example `() => import('hls.js/light')`. */
export type LoadHls = () => Promise<{ default: typeof Hls }>

export interface PlayerOptions {
  video: HTMLVideoElement
  /** Called at once, so that it is there when there is something to play, and again until it has succeeded. */
  loadHls: LoadHls
}

/** Live playback begins with so much in hand, two segments at the least: with one it would stand still again at once. */
const START_SECONDS = 2.5
/** A picture that stands still for less is no interruption. */
const STALL_MS = 800
/** Waits between tries grow from the first to the last, and start over when the picture moves. */
const RETRY_MS = [1_000, 2_000, 4_000, 8_000]
/** More decoding errors in a row than this, and the player begins anew. */
const MAX_MEDIA_RECOVERIES = 2
const KEPT_ERRORS = 50
const FORBIDDEN = 403
const ANSWER_MS = 15_000
/** So many target durations beyond the usual distance to the live edge are no falling behind. */
const BEHIND_TARGETS = 2
/** A hand that pauses and goes on at once loses nothing worth a word. */
const BEHIND_NATIVE_SECONDS = 12

const retries = (maxNumRetry: number) => ({ maxNumRetry, retryDelayMs: 500, maxRetryDelayMs: 4_000 })

const HLS_CONFIG: Partial<HlsConfig> = {
  // Two segments of 2 s behind the edge; after a stall hls.js keeps a second more.
  liveSyncDurationCount: 2,
  maxLiveSyncPlaybackRate: 1.05,
  backBufferLength: 30,
  // The server holds the first playlist of a stream for up to 10 s instead of refusing it.
  manifestLoadPolicy: { default: { maxTimeToFirstByteMs: 15_000, maxLoadTimeMs: 20_000, timeoutRetry: retries(1), errorRetry: retries(1) } },
  playlistLoadPolicy: { default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 20_000, timeoutRetry: retries(2), errorRetry: retries(4) } },
  fragLoadPolicy: { default: { maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 60_000, timeoutRetry: retries(4), errorRetry: retries(4) } }
}

/**
 * Plays one playlist in a video element: with hls.js, or natively where that cannot run. Whatever goes
 * wrong, it tries again until it is stopped.
 */
export class Player extends Stateful<PlayerState, { error: PlayerError }> {
  readonly #video: HTMLVideoElement
  readonly #loadHls: LoadHls
  readonly #listening = new AbortController()
  readonly #serverClock = new ServerClock()
  /** hls.js while it plays. */
  #hls: Hls | undefined
  /** Grows with every beginning: what was waited for before belongs to another one. */
  #beginning = 0
  #url = ''
  #failures = 0
  #mediaRecoveries = 0
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #stallTimer: ReturnType<typeof setTimeout> | undefined

  constructor ({ video, loadHls }: PlayerOptions) {
    super({ playback: 'idle', tracks: undefined, behindLive: false, refusal: undefined, errors: [] })
    this.#video = video
    this.#loadHls = loadHls
    // What fails now is told when it is needed.
    if (mayHaveMediaSource()) loadHls().catch(() => {})
    const on = (event: string, listener: () => void) => video.addEventListener(event, listener, { signal: this.#listening.signal })
    on('playing', () => this.#moves())
    on('timeupdate', () => {
      if (!video.paused && video.readyState >= video.HAVE_FUTURE_DATA) this.#moves()
      this.#measure()
    })
    on('waiting', () => this.#waits())
    on('pause', () => { if (!video.ended && this.#isOn) this.#become('paused') })
    on('ended', () => this.#become('finished'))
    on('error', () => { if (this.#hls === undefined && this.#isOn) void this.#stopIfRefused(() => this.#retry(() => this.#begin())) })
  }

  /** Plays a playlist from its live edge, or from its beginning when it has ended. */
  load (url: URL | string): void {
    this.stop()
    this.#url = String(url)
    this.#failures = 0
    this.#become('loading')
    this.#begin()
  }

  stop (): void {
    this.#off('idle', undefined)
  }

  /** Goes to where it would be had it never been paused or held up, and plays. */
  goLive (): void {
    const { seekable } = this.#video
    const position = this.#hls?.liveSyncPosition ?? (seekable.length === 0 ? undefined : seekable.end(seekable.length - 1))
    if (position !== undefined) this.#video.currentTime = position
    this.#play()
  }

  /**
   * How old the picture is that is shown live, in seconds, by the server's clock: from when the server had its frames
   * (`EXT-X-PROGRAM-DATE-TIME`). What comes before, the camera, the recorder and the way to the server, is left out.
   * Where the playlist or its answer has no date, the distance from the live edge as hls.js estimates it. Undefined
   * before the first segment, natively, and in a recording.
   */
  get secondsBehindLive (): number | undefined {
    if (this.#hls?.latestLevelDetails?.live !== true) return undefined
    const { pictureTime } = this
    const now = this.#serverClock.now(performance.now())
    return pictureTime === undefined || now === undefined ? this.#hls.latency : Math.max(0, (now - pictureTime) / 1000)
  }

  /** When the server had the picture that is shown, in milliseconds since 1970 of its clock; undefined before the first segment and natively. */
  get pictureTime (): number | undefined {
    return this.#hls?.playingDate?.getTime()
  }

  /** Stops, and lets go of the video element. */
  destroy (): void {
    this.stop()
    this.#listening.abort()
  }

  get #isOn (): boolean {
    const { playback } = this.snapshot
    return playback !== 'idle' && playback !== 'refused'
  }

  #off (playback: 'idle' | 'refused', refusal: string | undefined): void {
    this.#release()
    this.#video.removeAttribute('src')
    this.#video.load()
    this.update({ playback, refusal, tracks: undefined, behindLive: false })
  }

  #begin (): void {
    this.#release()
    const beginning = this.#beginning
    if (!mayHaveMediaSource()) {
      this.#beginNative()
      return
    }
    this.#loadHls().then(
      ({ default: HlsClass }) => {
        if (beginning !== this.#beginning) return
        if (HlsClass.isSupported()) this.#beginHls(HlsClass)
        else this.#beginNative()
      },
      () => { if (beginning === this.#beginning) this.#retry(() => this.#begin()) }
    )
  }

  #beginHls (HlsClass: typeof Hls): void {
    const hls = this.#hls = new HlsClass(HLS_CONFIG)
    const { Events, ErrorTypes } = HlsClass
    this.#mediaRecoveries = 0
    hls.on(Events.LEVEL_LOADED, (_event, { networkDetails, stats: { loading } }) => {
      const date = networkDetails instanceof XMLHttpRequest ? networkDetails.getResponseHeader('date') : null
      if (date !== null) this.#serverClock.add(Date.parse(date), loading.start, loading.end)
    })
    hls.on(Events.FRAG_BUFFERED, () => this.#playWhenReady(hls))
    hls.on(Events.BUFFER_CODECS, (_event, { audio, video }) => this.update({ tracks: { audio: audio !== undefined, video: video !== undefined } }))
    hls.on(Events.ERROR, (_event, { type, details, fatal, response }) => {
      const error = Object.freeze({ type, details, fatal, at: Math.round(performance.now()) })
      this.update({ errors: [...this.snapshot.errors, error].slice(-KEPT_ERRORS) })
      this.emit('error', error)
      const recover = () => { if (fatal) this.#recover(hls, type, ErrorTypes) }
      if (response?.code === FORBIDDEN) void this.#stopIfRefused(recover)
      else recover()
    })
    hls.attachMedia(this.#video)
    hls.loadSource(this.#url)
  }

  #beginNative (): void {
    if (this.#video.canPlayType('application/vnd.apple.mpegurl') === '') {
      this.#become('unsupported')
      return
    }
    this.#video.src = this.#url
    this.#play()
  }

  #recover (hls: Hls, type: ErrorTypes, { MEDIA_ERROR, NETWORK_ERROR }: typeof Hls.ErrorTypes): void {
    if (type === MEDIA_ERROR && this.#mediaRecoveries < MAX_MEDIA_RECOVERIES) {
      this.#mediaRecoveries++
      hls.recoverMediaError()
      return
    }
    // With a playlist in hand, loading goes on where it stopped; without one, or after that failed, all begins anew.
    const goOn = type === NETWORK_ERROR && hls.levels.length > 0 && this.#failures < RETRY_MS.length
    this.#retry(() => goOn ? hls.startLoad() : this.#begin())
  }

  /** Where the server does not let this viewer watch, to ask again and again helps nobody. @param otherwise it was something else */
  async #stopIfRefused (otherwise: () => void): Promise<void> {
    const beginning = this.#beginning
    const refusal = await refusalOf(this.#url)
    if (beginning !== this.#beginning) return
    if (refusal === undefined) otherwise()
    else this.#off('refused', refusal)
  }

  #retry (again: () => void): void {
    clearTimeout(this.#retryTimer)
    const ms = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]
    this.#failures++
    this.#retryTimer = setTimeout(again, ms)
  }

  /** Once, after the beginning; from then on a hand on the controls decides. */
  #playWhenReady (hls: Hls): void {
    if (this.snapshot.playback !== 'loading') return
    const { buffered } = this.#video
    const inHand = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - Math.max(this.#video.currentTime, buffered.start(0))
    if (inHand >= START_SECONDS || hls.latestLevelDetails?.live === false) this.#play()
  }

  #play (): void {
    // Without sound browsers allow it; where not even that is allowed, the controls wait for a hand.
    this.#video.play().catch((error: Error) => { if (error.name === 'NotAllowedError') this.#become('paused') })
  }

  #moves (): void {
    clearTimeout(this.#stallTimer)
    this.#stallTimer = undefined
    this.#failures = 0
    this.#become('playing')
  }

  #waits (): void {
    if (this.snapshot.playback !== 'playing' || this.#stallTimer !== undefined) return
    this.#stallTimer = setTimeout(() => this.#become('stalled'), STALL_MS)
  }

  #release (): void {
    this.#beginning++
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#stallTimer)
    this.#stallTimer = undefined
    this.#hls?.destroy()
    this.#hls = undefined
  }

  #become (playback: PlaybackState): void {
    this.update({ playback })
    this.#measure()
  }

  #measure (): void {
    this.update({ behindLive: this.#isBehind() })
  }

  #isBehind (): boolean {
    const { playback } = this.snapshot
    if (playback !== 'playing' && playback !== 'paused' && playback !== 'stalled') return false
    if (this.#hls === undefined) {
      const { seekable, currentTime, duration } = this.#video
      return duration === Infinity && seekable.length > 0 && (playback === 'paused' || seekable.end(seekable.length - 1) - currentTime > BEHIND_NATIVE_SECONDS)
    }
    const { latestLevelDetails: details, latency, targetLatency } = this.#hls
    if (details?.live !== true) return false
    return playback === 'paused' || latency > (targetLatency ?? 0) + BEHIND_TARGETS * details.targetduration
  }
}

/** Why the server does not give a playlist to this viewer; undefined: it does, or has another trouble. */
async function refusalOf (url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) })
    if (answer.status !== FORBIDDEN) return undefined
    const { error } = await answer.json() as { error?: unknown }
    return typeof error === 'string' ? error : ''
  } catch {
    return undefined
  }
}

/** Whether there is any of what hls.js needs; what it needs exactly, it says itself once it is loaded. */
function mayHaveMediaSource (): boolean {
  return ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource'].some(name => name in globalThis)
}
