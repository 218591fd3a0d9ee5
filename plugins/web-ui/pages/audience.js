/* global io */

/** Pause before the server is asked again about a stream that it did not know, or after a failure. */
const ASK_AGAIN_MS = 5_000
const ANSWER_MS = 8_000

/**
 * One viewer in the audience of a stream: joins it over Socket.IO and knows its state and the number of
 * viewers, through every loss of the connection.
 */
export class Audience {
  /** @type {import('./situation.js').StreamState} */
  stream = 'unknown'
  /** Viewers, this one included; undefined until it is known. */
  viewers = undefined
  connected = false
  /** Grows with every broadcast that begins on this key while the page is open. */
  broadcasts = 0

  #key
  #statusUrl
  #socket
  #onChange
  #viewerId = `viewer-${Math.random().toString(36).slice(2, 12)}`
  #timer = 0
  /** An answer to a question that was asked before the last event is out of date. */
  #moment = 0

  /**
   * @param {{ streamKey: string, socketUrl: URL, statusUrl: string, onChange: () => void }} options
   */
  constructor ({ streamKey, socketUrl, statusUrl, onChange }) {
    this.#key = streamKey
    this.#statusUrl = statusUrl
    this.#onChange = onChange
    const socket = this.#socket = io(socketUrl.origin, { path: socketUrl.pathname, transports: ['websocket', 'polling'], query: { streamKey }, reconnectionDelayMax: 5_000 })

    socket.on('connect', () => {
      this.connected = true
      this.#onChange()
      this.#join()
    })
    socket.on('disconnect', () => {
      this.connected = false
      this.#onChange()
      // Socket.IO comes back by itself, except when the server said goodbye.
      if (!socket.active) this.#later(() => socket.connect(), ASK_AGAIN_MS)
    })
    socket.on('connect_error', (error) => { if (!socket.active) this.#later(() => socket.connect(), error.data?.retryAfterMs ?? ASK_AGAIN_MS) })

    this.#on('stream-started', ({ status }) => {
      if (status === 'broadcasting') this.broadcasts++
      this.stream = 'live'
    })
    this.#on('stream-reconnecting', () => { this.stream = 'reconnecting' })
    this.#on('stream-ended', () => { this.stream = 'ended' })
    this.#on('viewer-joined', ({ viewerCount }) => { this.viewers = viewerCount })
    this.#on('viewer-left', ({ viewerCount }) => { this.viewers = viewerCount })
  }

  #on (event, take) {
    this.#socket.on(event, (payload) => {
      if (payload?.streamKey !== this.#key) return
      this.#moment++
      take(payload)
      this.#onChange()
    })
  }

  #join () {
    this.#socket.timeout(ANSWER_MS).emit('join-stream', { streamKey: this.#key, userId: this.#viewerId }, async (timeout, answer) => {
      if (!this.connected) return
      if (timeout !== null || (answer.error !== undefined && answer.code !== 'STREAM_NOT_FOUND')) {
        this.#later(() => this.#join(), answer?.retryAfterMs ?? ASK_AGAIN_MS)
        return
      }
      const joined = answer.error === undefined
      this.viewers = joined ? answer.viewerCount : undefined
      let known = true
      if (joined && answer.isLive) {
        if (this.stream === 'ended') this.broadcasts++
        this.stream = 'live'
      } else if (joined || !['not-found', 'ended'].includes(this.stream)) {
        // Otherwise nothing is new: the server does not know the stream, as before.
        known = await this.#askState()
      }
      this.#onChange()
      // Only who has joined is told when it begins.
      if (!joined || !known) this.#later(() => this.#join(), ASK_AGAIN_MS)
    })
  }

  /**
   * A stream that is not live may be to come, over, or nothing at all.
   *
   * @returns {Promise<boolean>} whether its state is known now
   */
  async #askState () {
    const moment = ++this.#moment
    try {
      const { local, overall } = await (await fetch(this.#statusUrl)).json()
      if (moment !== this.#moment) return true
      const state = local.streamData?.state
      if (state === 'live' || state === 'reconnecting') this.stream = state
      else if (state === 'prepared') this.stream = 'waiting'
      else this.stream = overall.hasVideoContent ? 'ended' : 'not-found'
      return true
    } catch {
      return moment !== this.#moment
    }
  }

  #later (action, ms) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(action, ms)
  }
}
