import { once } from 'node:events'
import { WebSocket } from 'ws'

/** More might not fit into a server's queue of new connections. */
const CONNECTING = 200
const SUBSCRIBE = JSON.stringify({ action: 'subscribe', channel: 'stats' })

/** A message that went to many. */
export interface Delivery {
  /** As it says itself. */
  timestamp: string
  /** Milliseconds since 1970, one for each that it got to. */
  arrivedAt: number[]
}

/** Clients of `/ws`. */
export class Followers {
  readonly #sockets: WebSocket[] = []
  readonly #deliveries = new Map<string, number[]>()

  async connect (url: string, clients: number): Promise<void> {
    while (this.#sockets.length < clients) {
      const some = Array.from({ length: Math.min(CONNECTING, clients - this.#sockets.length) }, () => new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false }))
      this.#sockets.push(...some)
      await Promise.all(some.map(async socket => await once(socket, 'open')))
      for (const socket of some) socket.on('message', (data: Buffer) => this.#heard(data))
    }
  }

  /** Resolves when each of them has heard the first message. */
  async subscribe (): Promise<void> {
    await Promise.all(this.#sockets.map(async socket => {
      const first = once(socket, 'message')
      socket.send(SUBSCRIBE)
      await first
    }))
  }

  /** What came since this was asked the last time. */
  deliveries (): Delivery[] {
    const deliveries = [...this.#deliveries].map(([timestamp, arrivedAt]) => ({ timestamp, arrivedAt }))
    this.#deliveries.clear()
    return deliveries
  }

  close (): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  #heard (data: Buffer): void {
    const at = performance.timeOrigin + performance.now()
    const { data: { timestamp } } = JSON.parse(data.toString()) as { data: { timestamp: string } }
    const arrivedAt = this.#deliveries.get(timestamp)
    if (arrivedAt === undefined) this.#deliveries.set(timestamp, [at])
    else arrivedAt.push(at)
  }
}
