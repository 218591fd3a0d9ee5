import type { FastifyRequest } from 'fastify'

/**
 * The WebSocket address of this server, for who asked it: `ws://host` or `wss://host`, without a slash at the end.
 * @param publicBaseUrl an origin, a path, both or nothing; what is not there is as the request says
 */
export function serverAddress (publicBaseUrl: string, { protocol, host }: Pick<FastifyRequest, 'protocol' | 'host'>): string {
  const base = /^https?:\/\//.test(publicBaseUrl) ? publicBaseUrl : `${protocol}://${host}${publicBaseUrl}`
  return base.replace(/^http/, 'ws').replace(/\/$/, '')
}
