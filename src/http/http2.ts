import type { Http2Server, ServerHttp2Session } from 'node:http2'
import type { FastifyInstance } from 'fastify'

/** Whether a host speaks HTTP/2 and nothing else: then WebSockets cannot reach it, as they need the upgrade of HTTP/1.1. */
export function isHttp2Alone ({ initialConfig: { http2, https } }: FastifyInstance): boolean {
  return http2 === true && !(typeof https === 'object' && https.allowHTTP1 === true)
}

/**
 * Before Node.js 24 a server of HTTP/2 that closes waits until its clients go, also those that ask for nothing.
 * @returns asks all sessions to end, with what is under way; does nothing on a host of HTTP/1
 */
export function sessionsOf ({ server, initialConfig: { http2 } }: FastifyInstance): { close (): void } {
  const sessions = new Set<ServerHttp2Session>()
  const add = (session: ServerHttp2Session) => {
    sessions.add(session)
    session.once('close', () => { sessions.delete(session) })
  }
  const source = server as unknown as Http2Server
  if (http2 === true) source.on('session', add)
  return {
    close: () => {
      source.off('session', add)
      for (const session of sessions) session.close()
    }
  }
}
