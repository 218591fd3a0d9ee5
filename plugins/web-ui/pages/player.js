/* global Hls, HTMLMediaElement */

/** Live playback begins with so much in hand, two segments at the least: with one it would stand still again at once. */
const START_SECONDS = 2.5
/** A picture that stands still for less is no interruption. */
const STALL_MS = 800
/** Waits between tries grow from the first to the last, and start over when the picture moves. */
const RETRY_MS = [1_000, 2_000, 4_000, 8_000]
/** More decoding errors in a row than this, and the player begins anew. */
const MAX_MEDIA_RECOVERIES = 2
const KEPT_ERRORS = 50

const retries = (maxNumRetry) => ({ maxNumRetry, retryDelayMs: 500, maxRetryDelayMs: 4_000 })

const HLS_CONFIG = {
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
export class Player {
  /** @type {import('./situation.js').PlaybackState} */
  playback = 'idle'
  /** What is known of the tracks: undefined until the first segment came, and where the browser plays natively. */
  tracks = undefined
  /** hls.js while it plays. */
  hls = undefined
  /** The last errors of hls.js, fatal or not: `{ type, details, fatal, at }`, `at` in ms since the page was opened. */
  errors = []

  #video
  #onChange
  #url = ''
  #failures = 0
  #mediaRecoveries = 0
  #retryTimer = 0
  #stallTimer = 0

  /**
   * @param {HTMLVideoElement} video
   * @param {() => void} onChange called when `playback` or `tracks` has changed
   */
  constructor (video, onChange) {
    this.#video = video
    this.#onChange = onChange
    video.addEventListener('playing', () => this.#moves())
    video.addEventListener('timeupdate', () => { if (!video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) this.#moves() })
    video.addEventListener('waiting', () => this.#waits())
    video.addEventListener('pause', () => { if (!video.ended && this.playback !== 'idle') this.#become('paused') })
    video.addEventListener('ended', () => this.#become('finished'))
    video.addEventListener('error', () => { if (this.hls === undefined && this.playback !== 'idle') this.#retry(() => this.#begin()) })
  }

  /** Plays a playlist from its live edge, or from its beginning when it has ended. */
  load (url) {
    this.stop()
    this.#url = url
    this.#failures = 0
    this.#become('loading')
    this.#begin()
  }

  stop () {
    this.#release()
    this.#video.removeAttribute('src')
    this.#video.load()
    this.tracks = undefined
    this.#become('idle')
  }

  #begin () {
    this.#release()
    if (window.Hls?.isSupported()) this.#beginHls()
    else if (this.#video.canPlayType('application/vnd.apple.mpegurl') !== '') this.#beginNative()
    else this.#become('unsupported')
  }

  #beginHls () {
    const hls = this.hls = new Hls(HLS_CONFIG)
    this.#mediaRecoveries = 0
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.#playWhenReady(hls))
    hls.on(Hls.Events.BUFFER_CODECS, (_event, { audio, video }) => {
      this.tracks = { audio: audio !== undefined, video: video !== undefined }
      this.#onChange()
    })
    hls.on(Hls.Events.ERROR, (_event, { type, details, fatal }) => {
      this.errors = [...this.errors, { type, details, fatal, at: Math.round(performance.now()) }].slice(-KEPT_ERRORS)
      if (fatal) this.#recover(hls, type)
    })
    hls.attachMedia(this.#video)
    hls.loadSource(this.#url)
  }

  #beginNative () {
    this.#video.src = this.#url
    this.#play()
  }

  #recover (hls, type) {
    if (type === Hls.ErrorTypes.MEDIA_ERROR && this.#mediaRecoveries < MAX_MEDIA_RECOVERIES) {
      this.#mediaRecoveries++
      hls.recoverMediaError()
      return
    }
    // With a playlist in hand, loading goes on where it stopped; without one, or after that failed, all begins anew.
    const goOn = type === Hls.ErrorTypes.NETWORK_ERROR && hls.levels.length > 0 && this.#failures < RETRY_MS.length
    this.#retry(() => goOn ? hls.startLoad() : this.#begin())
  }

  #retry (again) {
    clearTimeout(this.#retryTimer)
    const ms = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]
    this.#failures++
    this.#retryTimer = setTimeout(again, ms)
  }

  /** Once, after the beginning; from then on a hand on the controls decides. */
  #playWhenReady (hls) {
    if (this.playback !== 'loading') return
    const { buffered } = this.#video
    const inHand = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - Math.max(this.#video.currentTime, buffered.start(0))
    if (inHand >= START_SECONDS || hls.latestLevelDetails?.live === false) this.#play()
  }

  #play () {
    // Without sound browsers allow it; where not even that is allowed, the controls wait for a hand.
    this.#video.play().catch((error) => { if (error.name === 'NotAllowedError') this.#become('paused') })
  }

  #moves () {
    clearTimeout(this.#stallTimer)
    this.#stallTimer = 0
    this.#failures = 0
    this.#become('playing')
  }

  #waits () {
    if (this.playback !== 'playing' || this.#stallTimer !== 0) return
    this.#stallTimer = setTimeout(() => this.#become('stalled'), STALL_MS)
  }

  #release () {
    clearTimeout(this.#retryTimer)
    clearTimeout(this.#stallTimer)
    this.#stallTimer = 0
    this.hls?.destroy()
    this.hls = undefined
  }

  #become (playback) {
    if (this.playback === playback) return
    this.playback = playback
    this.#onChange()
  }
}
