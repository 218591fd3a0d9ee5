/**
 * headwater-livekit: who runs the rooms of the features beside it: a LiveKit server, or this installation itself.
 *
 * Adds the decorator `livekit` (a `RoomProvider`); `POST ${prefix}/api/livekit/webhook` with LiveKit, WebSockets at
 * `${prefix}/ws/rooms` without. Needs the decorators `database` and `state`. Settings: `LivekitOptions`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LivekitConfig } from '../../src/config/livekit.ts'
import { completeLivekitOptions } from '../../src/config/load.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'

/** Every setting may be given; what is left out has its default. And: */
export interface LivekitOptions extends Partial<LivekitConfig> {
  /** In production (default) no secret is generated. */
  environment?: 'development' | 'production' | 'test'
  /** Folder of a generated secret. Default: `data`. */
  dataDir?: string
}

declare module 'fastify' {
  interface FastifyInstance {
    livekit: RoomProvider
  }
}

const plugin: FastifyPluginAsync<LivekitOptions> = async (app, options) => {
  if (app.hasDecorator('livekit')) return
  const { environment: _environment = 'production', dataDir: _dataDir = 'data', ...settings } = ownOptions(options)
  completeLivekitOptions(settings)
}

export const livekit = fp(plugin, { name: 'headwater-livekit', fastify: '5.x', decorators: { fastify: ['database', 'state'] } })
export default livekit
