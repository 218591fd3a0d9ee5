import { EventEmitter } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { HeadwaterError } from '../errors/catalogue.ts'

/** Whose a request or an upgrade is. */
interface Way {
  emitter: EventEmitter
  takes (event: 'request' | 'upgrade', url: string): boolean
}

/**
 * Who hears a request or an upgrade. All listeners of a server hear every upgrade: @fastify/websocket answers those of
 * Socket.IO with 404, `ws` with 400, another Socket.IO ends them, and two of @fastify/websocket answer each twice. And
 * Socket.IO takes the listeners for requests away and puts itself before them. So they are attached to an emitter
 * instead, and the server's `emit`, which is before all listeners, whoever adds them and when, tells the ways apart:
 *
 *                     at a path of ours      ->  that path's emitter  ->  its Socket.IO or @fastify/websocket
 *     server.emit  -> any other              ->  the server's own listeners
 *                     upgrade without any    ->  the same request again, without its `Upgrade`
 *
 * The last is what Node.js does by itself as long as nobody listens to upgrades: it goes by the number of listeners,
 * and one of them is ours.
 */
class SocketGate {
  readonly #ways = new Map<string, Way>()
  readonly #restores = new Map<Server, () => void>()

  constructor (server: Server) {
    this.watch(server)
    server.on('upgrade', doNothing)
  }

  get isUsed (): boolean {
    return this.#ways.size > 0
  }

  /** @throws HeadwaterError `CONFIG_INVALID` when the path is taken */
  open (path: string, takes: Way['takes']): EventEmitter {
    if (this.#ways.has(path)) throw new HeadwaterError('CONFIG_INVALID', { message: `Another Headwater of this server answers at ${path}: register each below a prefix of its own` })
    const emitter = new EventEmitter()
    this.#ways.set(path, { emitter, takes })
    return emitter
  }

  close (path: string): void {
    this.#ways.delete(path)
  }

  watch (server: Server): void {
    if (this.#restores.has(server)) return
    const before = Object.getOwnPropertyDescriptor(server, 'emit')
    const emit = server.emit
    const sort = (event: string, ...args: [IncomingMessage, ...unknown[]]): boolean => {
      if (event === 'request' || event === 'upgrade') {
        const [request] = args
        const way = this.#wayOf(event, request.url ?? '')
        if (way !== undefined) return way.emit(event, ...args)
        if (event === 'upgrade' && server.listeners(event).every(listener => listener === doNothing)) {
          askAgain(request, args[1] as Socket, args[2] as Buffer)
          return true
        }
      }
      return (emit as EventEmitter['emit']).call(server, event, ...args)
    }
    server.emit = sort as Server['emit']
    this.#restores.set(server, () => {
      server.off('upgrade', doNothing)
      // Who has put something before this keeps it: without ways this does nothing.
      if (server.emit !== sort) return
      if (before === undefined) Reflect.deleteProperty(server, 'emit')
      else Object.defineProperty(server, 'emit', before)
    })
  }

  restore (): void {
    for (const restore of this.#restores.values()) restore()
  }

  #wayOf (event: 'request' | 'upgrade', url: string): EventEmitter | undefined {
    for (const { emitter, takes } of this.#ways.values()) {
      if (takes(event, url)) return emitter
    }
    return undefined
  }
}

const gates = new WeakMap<Server, SocketGate>()

/** What a Socket.IO (`io.attach`) or @fastify/websocket (its option `server`) is attached to. */
export interface SocketWay {
  server: Server
  /** From now on the path is like any other. */
  close (): void
}

/**
 * Keeps the requests and upgrades below a path for one Socket.IO, on all addresses that the app listens on.
 * @param path without a slash at the end: `/socket.io`
 * @throws HeadwaterError `CONFIG_INVALID` when the path is taken
 */
export function openSocketWay (app: FastifyInstance, path: string): SocketWay {
  return openWay(app, path, (_event, url) => url.startsWith(path) && url[path.length] === '/')
}

/**
 * Keeps the upgrades of one path for one @fastify/websocket, on all addresses that the app listens on.
 * @throws HeadwaterError `CONFIG_INVALID` when the path is taken
 */
export function openUpgradeWay (app: FastifyInstance, path: string): SocketWay {
  return openWay(app, path, (event, url) => event === 'upgrade' && url.split('?', 1)[0] === path)
}

function openWay (app: FastifyInstance, path: string, takes: Way['takes']): SocketWay {
  if (/[:*]/.test(path)) throw new HeadwaterError('CONFIG_INVALID', { message: `The path ${path} has a parameter: sockets need a fixed one` })
  const { server } = app
  const gate = gates.get(server) ?? new SocketGate(server)
  gates.set(server, gate)
  const way = gate.open(path, takes)
  app.addHook('onListen', async () => { for (const other of furtherServers(app)) gate.watch(other) })
  return {
    server: way as unknown as Server,
    close: () => {
      gate.close(path)
      if (gate.isUsed) return
      gate.restore()
      gates.delete(server)
    }
  }
}

/**
 * On `localhost` Fastify listens with a second server, for `::1`, which hands its upgrades to the first and its requests
 * to the router. It tells nobody of it: this is the list that `app.addresses()` reads.
 */
function furtherServers (app: FastifyInstance): Server[] {
  for (let at: object | null = app; at !== null; at = Reflect.getPrototypeOf(at)) {
    const symbol = Object.getOwnPropertySymbols(at).find(({ description }) => description === 'fastify.serverBindings')
    if (symbol !== undefined) return Reflect.get(at, symbol) as Server[]
  }
  return []
}

function doNothing (): void {}

/** Gives the connection back to its HTTP server, with the request as it came but for the one header. */
function askAgain ({ method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  const { server, encrypted } = socket as Socket & { server: Server, encrypted?: boolean }
  server.emit(encrypted === true ? 'secureConnection' : 'connection', socket)
}
