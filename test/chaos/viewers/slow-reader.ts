import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { readPlaylist } from '../../fixtures/playlist.ts'

const TICK_MS = 1_000

export interface SlowRead {
  /** Port of our end of the connection that reads a segment; undefined before it is asked for. */
  port: number | undefined
  /** Bytes of the segment's answer that were read. */
  readBytes: number
  /** Length of the segment, as the server told it; undefined before. */
  length: number | undefined
  faults: string[]
}

/** A viewer on a line that carries so many bytes a second: it reads no faster, so that the rest waits at the server. */
export class SlowReader {
  readonly #url: URL
  readonly #bytesPerTick: number
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  readonly state: SlowRead = { port: undefined, readBytes: 0, length: undefined, faults: [] }

  /** @param url address of the playlist */
  constructor (url: string, bytesPerSecond: number) {
    this.#url = new URL(url)
    this.#bytesPerTick = bytesPerSecond * TICK_MS / 1_000
    this.#done = this.#watch()
  }

  async leave (): Promise<void> {
    this.#stop.abort()
    await this.#done
  }

  async #watch (): Promise<void> {
    try {
      // At once, for the row is about segments.
      const playlist = readPlaylist(await (await fetch(this.#url, { signal: this.#stop.signal, headers: { connection: 'close' } })).text())
      while (!this.#stop.signal.aborted) await this.#read(new URL(playlist.segments.at(-1)!.name, this.#url).pathname)
    } catch (error) {
      if (!this.#stop.signal.aborted) this.state.faults.push((error as Error).message)
    }
  }

  async #read (path: string): Promise<void> {
    const { hostname, port } = this.#url
    const socket = connect({ host: hostname, port: Number(port) })
    socket.on('error', error => { if (!this.#stop.signal.aborted) this.state.faults.push(error.message) })
    this.#stop.signal.addEventListener('abort', () => socket.destroy(), { once: true })
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`)
    // Without a listener for data it is read only where we ask.
    Object.assign(this.state, { port: undefined, readBytes: 0, length: undefined })
    while (!socket.destroyed && !socket.readableEnded) {
      this.#take(socket)
      await delay(TICK_MS, undefined, { signal: this.#stop.signal }).catch(() => {})
    }
  }

  #take (socket: Socket): void {
    const piece = (socket.read(Math.min(this.#bytesPerTick, socket.readableLength)) ?? undefined) as Buffer | undefined
    if (socket.localPort !== undefined) this.state.port = socket.localPort
    if (piece === undefined) return
    const length = this.state.length ?? /content-length: (\d+)/i.exec(piece.toString('latin1'))?.[1]
    if (length !== undefined) this.state.length = Number(length)
    this.state.readBytes += piece.length
  }
}
