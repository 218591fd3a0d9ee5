import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

/** A body that is ready to be sent: made once per change, compressed on first need. */
export class Rendering {
  readonly body: Buffer
  /** Grows by one with every change of the same playlist. */
  readonly version: number
  #text: string | undefined
  #gzipped: Promise<Buffer> | undefined

  constructor (body: Buffer, version: number) {
    this.body = body
    this.version = version
  }

  /** The body as a text: node:http sends one in one piece with its head. Playlists are ASCII. */
  get text (): string {
    this.#text ??= this.body.toString('latin1')
    return this.#text
  }

  gzipped (): Promise<Buffer> {
    this.#gzipped ??= compress(this.body)
    return this.#gzipped
  }
}
