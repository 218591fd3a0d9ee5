/**
 * headwater/livekit-rooms: the open rooms API as an encapsulated Fastify plugin (docs/api/livekit-rooms.md).
 *
 * Adds: `GET ${prefix}/api/health`, routes at `${prefix}/api/room/`, `${prefix}/api/rooms` and `${prefix}/api/token`.
 * Needs the decorator `livekit`. Tables: none. Settings: `LivekitRoomsConfig`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { LivekitRoomsConfig } from '../../src/config/livekit-rooms.ts'
import { completeLivekitRoomsOptions } from '../../src/config/load.ts'
import { ownOptions } from '../../src/http/own-options.ts'

export type LivekitRoomsOptions = Partial<LivekitRoomsConfig>

const plugin: FastifyPluginAsync<LivekitRoomsOptions> = async (_app, options) => {
  completeLivekitRoomsOptions(ownOptions(options))
}

export const livekitRooms = fp(plugin, { name: 'headwater-livekit-rooms', encapsulate: true, fastify: '5.x', dependencies: ['headwater-livekit'] })
export default livekitRooms
