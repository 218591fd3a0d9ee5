import type { FastifyPluginAsync } from 'fastify'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { webSocketRoute } from '../../../src/http/web-sockets.ts'
import type { Log } from '../../../src/log.ts'
import { LiveSocket, type LiveSocketOptions } from '../live-socket.ts'
import { LiveStatistics, type Followed } from '../live-statistics.ts'

export interface LiveStatisticsOptions extends Pick<LiveSocketOptions, 'isKey' | 'errorOf'> {
  ivs: Followed & { readonly config: Pick<IvsConfig, 'maxSockets' | 'maxSocketsPerNetwork' | 'maxSocketBytes' | 'socketPingSeconds'> & LiveSocketOptions['config'] }
  log: Log
}

/** `GET /ws`: a WebSocket on which statistics come (docs/api/ivs.md, 11). In a scope of its own. */
export const liveStatistics: FastifyPluginAsync<LiveStatisticsOptions> = async (scope, { ivs, log, ...how }) => {
  const { config } = ivs
  const statistics = new LiveStatistics(ivs, log)
  scope.addHook('preClose', async () => statistics.close())
  await webSocketRoute(scope, '/ws', {
    max: config.maxSockets,
    maxPerNetwork: config.maxSocketsPerNetwork,
    maxBytes: config.maxSocketBytes,
    pingMs: config.socketPingSeconds * 1000,
    connected: socket => { void new LiveSocket(socket, { statistics, config, ...how }) }
  })
}
