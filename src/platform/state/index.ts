/**
 * headwater-state: what several servers know together, for all features: limits, counters, presence, messages, locks.
 *
 * Adds the decorator `state`; a host, or a scope around this one, may bring one of its own. In memory for one server,
 * in Redis for several. Settings: `PlatformConfig`.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { completePlatformOptions } from '../../config/load.ts'
import type { PlatformConfig } from '../../config/platform.ts'
import { healthOf } from '../../http/health.ts'
import { metricsOf } from '../../http/metrics.ts'
import { stateMetrics } from './metrics.ts'
import type { State } from './state.ts'

export type { Allowance, Channels, Counters, Lease, Locks, Member, Presence, PresenceOptions, PresenceSummary, RateLimits, Seat, SeatOffer, Sighting, State, StateFigures, Stay } from './state.ts'

declare module 'fastify' {
  interface FastifyInstance {
    state: State
  }
}

const plugin: FastifyPluginAsync<Partial<PlatformConfig>> = async (app, { ...options }) => {
  if (hasState(app)) return
  const settings = completePlatformOptions(options)
  const log = app.log.child({ platform: 'state' })
  // Whichever is not used is not loaded.
  const state = settings.redisUrl === ''
    ? (await import('./memory.ts')).openMemory(settings, log)
    : await (await import('./redis.ts')).openRedis(settings, log)
  log.info({ kind: state.kind, connection: state.connection }, 'state opened')
  app.decorate('state', state)
  // After the features that were registered later, and use it.
  app.addHook('onClose', async () => { await state.close() })
  // Without Redis the server goes on: that is no reason to send it no work.
  healthOf(app)?.tell('state', () => state.connection)
  metricsOf(app)?.add(stateMetrics(state))
}

/** A host may have something else by that name. */
function hasState (app: FastifyInstance): boolean {
  if (!app.hasDecorator('state')) return false
  const { limits, presence, locks } = app.state as Partial<State>
  return typeof limits?.take === 'function' && typeof presence?.join === 'function' && typeof locks?.take === 'function'
}

export const state = fp(plugin, { name: 'headwater-state', fastify: '5.x' })
