import type { WebSocket } from '@fastify/websocket'
import { HeadwaterError } from '../errors/catalogue.ts'
import { clientNetwork } from './client-network.ts'

/** Whose network is gone never answers the closing handshake, and the HTTP server would wait for it. */
const CLOSE_HANDSHAKE_MS = 1_000

export interface OpenSocketsOptions {
  max: number
  /** From one network of clients. */
  maxPerNetwork: number
  /** How often each is asked whether it is still there; one that has not answered by the next time is ended. */
  pingMs: number
}

/** The WebSockets of one route: counted, asked whether they are still there, and closed together. */
export class OpenSockets {
  readonly #options: OpenSocketsOptions
  /** Whether they have answered since they were last asked. */
  readonly #answered = new Map<WebSocket, boolean>()
  readonly #networks = new Map<string, number>()
  #pings: NodeJS.Timeout | undefined

  constructor (options: OpenSocketsOptions) {
    this.#options = options
  }

  get count (): number {
    return this.#answered.size
  }

  /** @throws HeadwaterError `SERVER_BUSY`, `RATE_LIMIT_EXCEEDED` when there is no room for one from this address */
  check (address: string): void {
    const { max, maxPerNetwork } = this.#options
    if (this.count >= max) throw new HeadwaterError('SERVER_BUSY', { message: `There are ${max} connections, which is all that this server takes` })
    if ((this.#networks.get(clientNetwork(address)) ?? 0) >= maxPerNetwork) throw new HeadwaterError('RATE_LIMIT_EXCEEDED', { message: `There are ${maxPerNetwork} connections from your network, which is all that this server takes` })
  }

  /** One is open; it is forgotten when it closes. */
  add (socket: WebSocket, address: string): void {
    const network = clientNetwork(address)
    this.#answered.set(socket, true)
    this.#networks.set(network, (this.#networks.get(network) ?? 0) + 1)
    socket.on('pong', () => { this.#answered.set(socket, true) })
    socket.once('close', () => this.#forget(socket, network))
    this.#pings ??= setInterval(() => this.#ping(), this.#options.pingMs)
  }

  /** Says goodbye to all (1001), and ends who does not answer. */
  async close (): Promise<void> {
    const sockets = [...this.#answered.keys()]
    const timer = setTimeout(() => { for (const socket of sockets) socket.terminate() }, CLOSE_HANDSHAKE_MS)
    await Promise.all(sockets.map(async socket => await new Promise<void>(resolve => {
      socket.once('close', () => resolve())
      socket.close(1001, 'The server is going away')
    })))
    clearTimeout(timer)
  }

  #forget (socket: WebSocket, network: string): void {
    this.#answered.delete(socket)
    const left = this.#networks.get(network)! - 1
    if (left === 0) this.#networks.delete(network)
    else this.#networks.set(network, left)
    if (this.count > 0) return
    clearInterval(this.#pings)
    this.#pings = undefined
  }

  #ping (): void {
    for (const [socket, answered] of this.#answered) {
      if (!answered) {
        socket.terminate()
        continue
      }
      this.#answered.set(socket, false)
      socket.ping()
    }
  }
}
