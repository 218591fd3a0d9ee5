import type { IncomingMessage, ServerResponse } from 'node:http'
import { randomId } from './random-id.ts'
import { TokenRefused } from './tokens.ts'

/** Whoever publishes with WHIP. */
export interface WhipClient {
  publish (): void
  leave (): void
}

/**
 * The WHIP endpoint (RFC 9725): the global one (`/whip`) sends everybody on with 307 to the one of a region, which takes
 * an offer with H.264 in it, a resource each. No media goes anywhere.
 */
export class Whip {
  readonly #join: (token: string) => WhipClient
  readonly #resources = new Map<string, WhipClient>()

  constructor (join: (token: string) => WhipClient) {
    this.#join = join
  }

  /** @returns false where the path is not one of its own */
  answer (request: IncomingMessage, response: ServerResponse, body: Buffer): boolean {
    const { method, url = '' } = request
    if (method === 'POST' && url === '/whip') {
      response.writeHead(307, { location: `/whip/region/${randomId(8)}` }).end()
      return true
    }
    if (method === 'POST' && url.startsWith('/whip/')) {
      this.#publish(request, response, body)
      return true
    }
    if (method !== 'DELETE' || !url.startsWith('/whip/resource/')) return false
    const client = this.#resources.get(url)
    this.#resources.delete(url)
    client?.leave()
    response.writeHead(client === undefined ? 404 : 200).end()
    return true
  }

  #publish ({ headers }: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const [, token] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? []
    if (token === undefined) return refuse(response, 401, 'There is no token: the redirect has lost it')
    if (headers['content-type'] !== 'application/sdp') return refuse(response, 415, 'An offer is application/sdp')
    if (!hasH264(body.toString())) return refuse(response, 400, 'The offer has no video with H.264')
    try {
      const client = this.#join(token)
      client.publish()
      const resource = `/whip/resource/${randomId(16)}`
      this.#resources.set(resource, client)
      response.writeHead(201, { location: resource, 'content-type': 'application/sdp' }).end('v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n')
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      refuse(response, 401, error.message)
    }
  }
}

function hasH264 (offer: string): boolean {
  return offer.startsWith('v=0') && /^m=video /m.test(offer) && /^a=rtpmap:\d+ H264\/90000/mi.test(offer)
}

function refuse (response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
}
