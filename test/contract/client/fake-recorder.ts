/** Browsers' media objects as far as the client library needs them, steered by a test. */

export class FakeTrack extends EventTarget {
  readonly kind: 'video' | 'audio'
  readyState: 'live' | 'ended' = 'live'

  constructor (kind: 'video' | 'audio') {
    super()
    this.kind = kind
  }

  end (): void {
    this.readyState = 'ended'
    this.dispatchEvent(new Event('ended'))
  }
}

export class FakeStream {
  readonly tracks = [new FakeTrack('video'), new FakeTrack('audio')]
  get active (): boolean { return this.tracks.some(({ readyState }) => readyState === 'live') }
  getTracks (): FakeTrack[] { return this.tracks }
  getVideoTracks (): FakeTrack[] { return this.tracks.filter(({ kind }) => kind === 'video') }
  getAudioTracks (): FakeTrack[] { return this.tracks.filter(({ kind }) => kind === 'audio') }
}

/** In place of a Blob, which Socket.IO's client does not know outside of browsers. */
class Bytes extends Uint8Array {
  get size (): number { return this.byteLength }
}

/** A MediaRecorder that records what it is given. */
export class FakeRecorder extends EventTarget {
  static readonly all: FakeRecorder[] = []
  /** What this browser can record. */
  static types = /x-matroska/
  static isTypeSupported (type: string): boolean { return this.types.test(type) }
  static get latest (): FakeRecorder { return this.all.at(-1)! }

  readonly stream: FakeStream
  readonly init: { mimeType: string } & Record<string, unknown>
  readonly mimeType: string
  state: 'inactive' | 'recording' = 'inactive'
  timeslice = 0
  /** Handed over when it is stopped. */
  rest: Buffer = Buffer.alloc(0)

  constructor (stream: FakeStream, init: { mimeType: string }) {
    super()
    this.stream = stream
    this.init = { ...init }
    this.mimeType = init.mimeType
    FakeRecorder.all.push(this)
  }

  start (timeslice: number): void {
    this.timeslice = timeslice
    this.state = 'recording'
  }

  give (bytes: Buffer): void {
    this.dispatchEvent(Object.assign(new Event('dataavailable'), { data: new Bytes(bytes) }))
  }

  stop (): void {
    this.state = 'inactive'
    // As browsers do: later, and the rest comes first.
    setImmediate(() => {
      this.give(this.rest)
      this.dispatchEvent(new Event('stop'))
    })
  }

  fail (error: Error): void {
    this.state = 'inactive'
    this.complain(error)
    this.dispatchEvent(new Event('stop'))
  }

  /** Fails, and goes on recording. */
  complain (error: Error): void {
    this.dispatchEvent(Object.assign(new Event('error'), { error }))
  }
}

/** Puts them where the library looks for them. */
export function beABrowser (): void {
  Object.assign(globalThis, { MediaRecorder: FakeRecorder, document: { baseURI: 'http://127.0.0.1/' } })
}
