import { DisconnectReason, JoinRequest, LeaveRequest_Action as LeaveAction, SignalResponse, WrappedJoinRequest, WrappedJoinRequest_Compression as Compression } from '@livekit/protocol'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { WebSocketServer, type WebSocket } from 'ws'
import { checkJoin, JoinRefused, type Door } from './door.ts'
import type { Media } from './peer.ts'
import { SignalSession } from './signal-session.ts'

const PATH = '/rtc/v1'

/** Where LiveKit's own client comes in: with a token, and with what it wants to send and see. */
export class Signalling {
  readonly #door: Door
  readonly #sockets = new WebSocketServer({ noServer: true })
  /** All there ever were: who is cut off is there still. */
  readonly #sessions = new Set<SignalSession>()
  readonly #stage = new Map<string, Media>()

  constructor (door: Door) {
    this.#door = door
  }

  /** Takes over a request to become a WebSocket, or refuses it as LiveKit does. */
  upgrade (request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url!, 'http://127.0.0.1')
    try {
      if (pathname !== PATH) throw new JoinRefused('404 page not found', 404)
      const token = searchParams.get('access_token') ?? ''
      checkJoin(token, this.#door)
      const { publisherOffer, reconnect } = joinRequestOf(searchParams.get('join_request') ?? '')
      this.#sockets.handleUpgrade(request, socket, head, websocket => {
        if (reconnect) return askToJoinAnew(websocket)
        this.#sessions.add(new SignalSession(websocket, token, publisherOffer, this.#door, this.#stage))
      })
    } catch (error) {
      if (!(error instanceof JoinRefused)) throw error
      socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n${error.message}`)
    }
  }

  /** As when the network of somebody fails for a moment. */
  cut (identity: string): void {
    for (const session of this.#sessions) {
      if (session.identity === identity) session.cut()
    }
  }

  async stop (): Promise<void> {
    await Promise.all([...this.#sessions].map(session => session.close()))
    this.#sockets.close()
  }
}

/** Sessions are not resumed: LiveKit says so too when it has lost one. */
function askToJoinAnew (socket: WebSocket): void {
  socket.send(new SignalResponse({ message: { case: 'leave', value: { reason: DisconnectReason.STATE_MISMATCH, action: LeaveAction.RECONNECT } } }).toBinary())
  socket.close(1000)
}

/** @param given what the client packs into the address: protocol buffers within protocol buffers, in base64 */
function joinRequestOf (given: string): JoinRequest {
  const { joinRequest, compression } = WrappedJoinRequest.fromBinary(Buffer.from(given, 'base64url'))
  return JoinRequest.fromBinary(compression === Compression.GZIP ? gunzipSync(joinRequest) : joinRequest)
}
