/** headwater-state: limits in memory, until the whole of it is there. */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { PlatformConfig } from '../../config/platform.ts'
import type { State } from './state.ts'

declare module 'fastify' {
  interface FastifyInstance {
    state: State
  }
}

const plugin: FastifyPluginAsync<Partial<PlatformConfig>> = async (app: FastifyInstance) => {
  if (app.hasDecorator('state')) return
  const windows = new Map<string, { from: number, count: number }>()
  const limits: State['limits'] = {
    async take (key, max, windowMs) {
      const now = performance.now()
      let window = windows.get(key)
      if (window === undefined || now - window.from >= windowMs) windows.set(key, window = { from: now, count: 0 })
      window.count++
      return { left: max - window.count, endsInMs: Math.ceil(window.from + windowMs - now) }
    },
    async giveBack (key) {
      const window = windows.get(key)
      if (window !== undefined) window.count--
    }
  }
  app.decorate('state', { kind: 'memory', limits, connection: 'connected', close: async () => {} } as unknown as State)
}

export const state = fp(plugin, { name: 'headwater-state', fastify: '5.x' })
