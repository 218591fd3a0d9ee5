import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A client's connection and the one to the server that belongs to it. */
interface Pair {
  client: Socket
  server: Socket
}

/** A loopback TCP proxy in front of the server: a network that can be cut. */
export class Proxy {
  readonly #listener: Server
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  #refusing = false
  #silent = false
  /** Cuts when so many more bytes have gone to the server. */
  #cutWaiting: { bytesLeft: number, done: (cut: number) => void } | undefined

  /** @param port of the server on 127.0.0.1 */
  static async open (port: number): Promise<Proxy> {
    const proxy = new Proxy(port)
    await new Promise<void>((resolve, reject) => {
      proxy.#listener.once('error', reject)
      proxy.#listener.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  private constructor (port: number) {
    this.#target = port
    this.#listener = createServer(client => this.#join(client))
  }

  get url (): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`
  }

  /** Resets every connection at once, both ends. @returns how many there were */
  cut (): number {
    const pairs = [...this.#pairs]
    for (const { client, server } of pairs) {
      client.resetAndDestroy()
      server.resetAndDestroy()
    }
    return pairs.length
  }

  /**
   * Lets so many more bytes through to the server, then cuts, wherever in a message that falls: the server
   * gets half of it. @param withinMs cuts after this time in any case
   * @returns connections that were cut
   */
  async cutAfter (bytes: number, withinMs: number): Promise<number> {
    return await new Promise(resolve => {
      const timer = setTimeout(() => this.#cutWaiting?.done(this.cut()), withinMs)
      this.#cutWaiting = {
        bytesLeft: bytes,
        done: cut => {
          clearTimeout(timer)
          this.#cutWaiting = undefined
          resolve(cut)
        }
      }
    })
  }

  /** Nothing goes through any more and nobody is told; what was sent waits. @returns connections that this holds up */
  silence (): number {
    this.#silent = true
    for (const { client, server } of this.#pairs) {
      client.pause()
      server.pause()
    }
    return this.#pairs.size
  }

  /** What waited goes through, late, also from connections that their client has given up. */
  speak (): void {
    this.#silent = false
    for (const { client, server } of this.#pairs) {
      client.resume()
      server.resume()
    }
  }

  /** New connections are closed at once until {@link accept}. */
  refuse (): void { this.#refusing = true }
  accept (): void { this.#refusing = false }

  async close (): Promise<void> {
    this.cut()
    await new Promise<void>(resolve => this.#listener.close(() => resolve()))
  }

  #join (client: Socket): void {
    client.on('error', () => {})
    if (this.#refusing) {
      client.resetAndDestroy()
      return
    }
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    server.on('error', () => {})
    client.setNoDelay(true)
    const pair = { client, server }
    this.#pairs.add(pair)
    const gone = () => {
      this.#pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    client.once('close', gone)
    server.once('close', gone)
    client.on('data', (data: Buffer) => this.#toServer(pair, data))
    server.on('data', (data: Buffer) => this.#forward(server, client, data))
    client.once('end', () => server.end())
    server.once('end', () => client.end())
  }

  #toServer (pair: Pair, data: Buffer): void {
    const waiting = this.#cutWaiting
    if (waiting === undefined || data.length < waiting.bytesLeft) {
      if (waiting !== undefined) waiting.bytesLeft -= data.length
      this.#forward(pair.client, pair.server, data)
      return
    }
    // Sent before the end of the connection, so that it arrives.
    pair.server.end(data.subarray(0, waiting.bytesLeft))
    pair.client.resetAndDestroy()
    this.#pairs.delete(pair)
    waiting.done(1 + this.cut())
  }

  #forward (from: Socket, to: Socket, data: Buffer): void {
    if (to.write(data)) return
    from.pause()
    to.once('drain', () => { if (!this.#silent) from.resume() })
  }
}
