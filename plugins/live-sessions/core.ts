/** What the routes of the feature share. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Log } from '../../src/log.ts'
import type { SessionAccess } from './access.ts'
import type { LiveSessions } from './open.ts'

/** Addresses that people get, as who asks knows the server. */
export interface Addresses {
  /** The page of a session. */
  session (request: FastifyRequest, sessionId: string): string
  /** Where its room is: of the provider, or this server. */
  rooms (request: FastifyRequest): string
  /** Where it is watched without a media server, without what lets somebody watch. */
  playback (streamKey: string): string
}

export interface RouteOptions {
  sessions: LiveSessions
  access: SessionAccess
  accounts: FastifyInstance['accounts']
  addresses: Addresses
  log: Log
}
