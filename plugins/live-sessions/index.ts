/**
 * headwater/live-sessions: live sessions with roles, invitations, moderation and recordings, as an encapsulated Fastify
 * plugin (docs/api/live-sessions.md).
 *
 * Adds: routes below `${prefix}/api/v1/live`. Needs the decorators `database`, `state`, `accounts`, `livekit`,
 * `recordings` and `liveCore`. Tables: `live_sessions`, `live_participants`, `live_bans`. Settings: `LiveSessionsOptions`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LiveSessionsConfig } from '../../src/config/live-sessions.ts'
import { completeLiveSessionsOptions } from '../../src/config/load.ts'
import { ownOptions } from '../../src/http/own-options.ts'

export interface LiveSessionsOptions extends Partial<LiveSessionsConfig> {
  /** What stands before the prefix of this server in addresses that people get. */
  publicBaseUrl?: string
}

const plugin: FastifyPluginAsync<LiveSessionsOptions> = async (_app, options) => {
  const { publicBaseUrl: _publicBaseUrl = '', ...settings } = ownOptions(options)
  completeLiveSessionsOptions(settings)
}

export const liveSessions = fp(plugin, { name: 'headwater-live-sessions', encapsulate: true, fastify: '5.x', decorators: { fastify: ['database', 'state', 'accounts', 'liveCore'] } })
export default liveSessions
