/**
 * LiveKit on loopback: for its server SDK rooms, participants and recordings over Twirp in JSON, and signed webhooks; for
 * its client in a browser signalling, data and media; and clients of its own with tokens, without media. A token is
 * checked apart from the SDK, which signs it.
 *
 * ```ts
 * const livekit = await LivekitStandIn.start(t)         // gone when the test ends
 * const sdk = new RoomServiceClient(livekit.url, livekit.settings.apiKey, livekit.settings.apiSecret)
 *
 * const client = livekit.join(token)                    // what a page does with a token; throws JoinRefused
 * client.publish('camera'); client.send('chat', 'hello'); client.leave(); client.drop()
 * await once(client.events, 'left')                     // also 'data', 'changed'
 *
 * livekit.advance(20_000)                               // its clock: timeouts of rooms, tokens that are joined with, recordings
 * livekit.webhooks.urls.push(`${url}/api/livekit/webhook`)
 * livekit.webhooks.lose('participant_left'); livekit.webhooks.repeat(2); livekit.webhooks.hold(); livekit.webhooks.release('reversed')
 * livekit.webhooks.ageMs = 3_600_000; await livekit.settled()
 * livekit.egress.plan('no-start-signal', 'upload-fails'); livekit.egress.hasRedis = false
 * livekit.faults.add('CreateRoom', { kind: 'lose-answer' }, 1)
 * await livekit.cut('identity')                         // the network of a page fails for a moment
 * livekit.asked('ListRooms'); livekit.room('name'); await livekit.stop()
 * ```
 *
 * A recording is in the room as a participant of the kind `egress`, writes picture and sound of as many seconds as it ran
 * on the clock (1 to 30) when it ends, and is aborted when it is stopped before it has begun. Requests and webhooks are
 * signed with the real time.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Room } from 'livekit-server-sdk'
import type { Test } from 'tap'
import type { LivekitConfig } from '../../../src/config/livekit.ts'
import { Faults } from '../faults.ts'
import { claimsOf, Unauthorized, type Claims, type Credentials } from './access.ts'
import { sendAnswer, sendError, suffer } from './answer.ts'
import { Client } from './client.ts'
import { checkJoin, JoinRefused, type Door } from './door.ts'
import { Egress } from './egress.ts'
import { egressService } from './egress-service.ts'
import { readFields, text, type Fields } from './fields.ts'
import { MovableClock } from './movable-clock.ts'
import { roomService, type Method } from './room-service.ts'
import { Rooms, snapshot } from './rooms.ts'
import type { Signalling } from './signalling.ts'
import { TwirpError } from './twirp-error.ts'
import { Webhooks } from './webhooks.ts'

export type { Client } from './client.ts'
export { JoinRefused } from './door.ts'
export type { DataMessage, Reason, Source } from './member.ts'

export interface StandInSettings {
  /** Default: ones of its own. */
  apiKey?: string
  apiSecret?: string
  /** Whether a token for a room that is not open opens it. Default: true, as LiveKit's. */
  autoCreate?: boolean
}

export class LivekitStandIn {
  /** Something in front of it lets no WebSocket through. */
  isWalled = false
  readonly faults = new Faults()
  readonly webhooks: Webhooks
  readonly egress: Egress
  readonly #server: Server
  readonly #clock = new MovableClock()
  readonly #rooms: Rooms
  readonly #door: Door
  /** Loaded when a page comes: WebRTC takes a second, and most tests have none. */
  #signalling: Promise<Signalling> | undefined
  readonly #methods: Map<string, Method>
  readonly #asked = new Map<string, number>()

  private constructor ({ apiKey = 'APIstandin', apiSecret = 'a secret of the stand-in, long enough', autoCreate = true }: StandInSettings) {
    const credentials: Credentials = { apiKey, apiSecret }
    this.webhooks = new Webhooks(credentials)
    this.#rooms = new Rooms(this.#clock, (event, about) => { this.webhooks.emit(event, about) }, room => { this.egress.roomClosed(room) })
    this.egress = new Egress(this.#rooms, this.#clock, (event, egressInfo) => { this.webhooks.emit(event, { egressInfo }) })
    this.#door = { rooms: this.#rooms, clock: this.#clock, credentials, autoCreate }
    this.#methods = new Map([
      ...Object.entries(roomService(this.#rooms)).map(([name, method]): [string, Method] => [`livekit.RoomService/${name}`, method]),
      ...Object.entries(egressService(this.#rooms, this.egress)).map(([name, method]): [string, Method] => [`livekit.Egress/${name}`, method])
    ])
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => response.destroy())
    })
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.isWalled) {
        socket.destroy()
        return
      }
      this.#signalling ??= import('./signalling.ts').then(({ Signalling }) => new Signalling(this.#door))
      void this.#signalling.then(signalling => signalling.upgrade(request, socket, head))
    })
  }

  static async start (t?: Pick<Test, 'teardown'>, settings: StandInSettings = {}): Promise<LivekitStandIn> {
    const standIn = new LivekitStandIn(settings)
    standIn.#server.listen(0, '127.0.0.1')
    await once(standIn.#server, 'listening')
    t?.teardown(() => standIn.stop())
    return standIn
  }

  /** What it was about to do is not done. */
  async stop (): Promise<void> {
    this.#clock.stop()
    await this.webhooks.stop()
    await this.egress.settled()
    await (await this.#signalling)?.stop()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  get url (): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** What a server needs to know. */
  get settings (): Pick<LivekitConfig, 'url' | 'apiKey' | 'apiSecret'> {
    return { url: this.url, ...this.#door.credentials }
  }

  /** One that is open. */
  room (name: string): Room | undefined {
    const room = this.#rooms.find(name)
    return room === undefined ? undefined : snapshot(room)
  }

  /** As somebody else would make it. */
  createRoom (name: string, metadata = ''): Room {
    return snapshot(this.#rooms.create({ name, metadata, emptyTimeout: 0, departureTimeout: 0, maxParticipants: 0 }))
  }

  /** @throws JoinRefused */
  join (token: string): Client {
    return new Client(token, this.#door)
  }

  /** The network of a page fails for a moment. */
  async cut (identity: string): Promise<void> {
    (await this.#signalling)?.cut(identity)
  }

  /** Moves its clock on. */
  advance (ms: number): void {
    this.#clock.advance(ms)
  }

  /** When what has happened so far is told, and what ended is written. */
  async settled (): Promise<void> {
    await this.egress.settled()
    await this.webhooks.settled()
  }

  /** @param method without it all of them @returns how often it was asked, refusals included */
  asked (method?: string): number {
    return method === undefined ? [...this.#asked.values()].reduce((sum, count) => sum + count, 0) : this.#asked.get(method) ?? 0
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, this.url)
    const body = await buffer(request)
    try {
      if (pathname.startsWith('/twirp/')) await this.#answerTwirp(request, response, { name: pathname.slice('/twirp/'.length), claims: claimsOf(request.headers, searchParams, this.#door.credentials, Date.now()), body })
      else if (/^\/rtc(\/v1)?\/validate$/.test(pathname)) this.#answerValidate(request, response, searchParams)
      else response.writeHead(pathname === '/' ? 200 : 404, { 'content-type': 'text/plain' }).end(pathname === '/' ? 'OK' : '404 page not found\n')
    } catch (error) {
      if (error instanceof Unauthorized) sendText(response, 401, error.message)
      else if (error instanceof JoinRefused) sendText(response, error.status, error.message)
      else if (error instanceof TwirpError) sendError(response, error)
      else throw error
    }
  }

  /** @throws TwirpError */
  async #answerTwirp (request: IncomingMessage, response: ServerResponse, { name, claims, body }: { name: string, claims: Claims | undefined, body: Buffer }): Promise<void> {
    const method = name.split('/')[1] ?? ''
    this.#asked.set(method, this.asked(method) + 1)
    const fault = this.faults.take(method)
    if (suffer(fault, request, response)) return
    const found = this.#methods.get(name)
    if (request.method !== 'POST' || found === undefined) throw new TwirpError('bad_route', `no handler for path "/twirp/${name}"`)
    if (!request.headers['content-type']?.startsWith('application/json')) throw new TwirpError('bad_route', `unexpected Content-Type: "${request.headers['content-type']}"`)
    const fields = readFields(body)
    if (!isAllowed(found, claims, fields)) throw new TwirpError('unauthenticated', 'permissions denied')
    const answer = await found.run(fields)
    if (fault?.kind === 'lose-answer') request.socket.destroy()
    else sendAnswer(response, answer)
  }

  /** What a client asks when it could not connect. */
  #answerValidate ({ headers }: IncomingMessage, response: ServerResponse, query: URLSearchParams): void {
    checkJoin(headers.authorization?.replace(/^Bearer /, '') ?? query.get('access_token') ?? '', this.#door)
    sendText(response, 200, 'success')
  }
}

function isAllowed ({ needs, isOfRoom = false }: Method, claims: Claims | undefined, fields: Fields): boolean {
  return claims?.video?.[needs] === true && (!isOfRoom || claims.video.room === text(fields, 'room'))
}

/** Pages of any origin read it. */
function sendText (response: ServerResponse, status: number, said: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'access-control-allow-origin': '*' }).end(said)
}
