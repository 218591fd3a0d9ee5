import type { FastifyRequest } from 'fastify'

/** Who asks knows the server by this host. */
type Asking = Pick<FastifyRequest, 'protocol' | 'host'>

/**
 * What stands before a path of this server in an address that people get: PUBLIC_BASE_URL where it has an origin, else
 * that of the request and whatever path PUBLIC_BASE_URL is. Without a slash at the end.
 */
export function publicAddress ({ protocol, host }: Asking, publicBaseUrl: string): string {
  return /^https?:\/\//.test(publicBaseUrl) ? publicBaseUrl : `${protocol}://${host}${publicBaseUrl}`
}

/** The same for WebSockets: `wss://live.example.org`. */
export function webSocketAddress (asking: Asking, publicBaseUrl: string): string {
  return publicAddress(asking, publicBaseUrl).replace(/^http/, 'ws')
}
