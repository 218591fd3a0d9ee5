import { randomUUID } from 'node:crypto'
import type { PlatformConfig } from '../../config/platform.ts'
import type { Log } from '../../log.ts'
import { RedisChannels } from './redis/channels.ts'
import { RedisConnection, type ConnectionSettings } from './redis/connection.ts'
import { RedisCounters } from './redis/counters.ts'
import { RedisLimits } from './redis/limits.ts'
import { RedisLocks } from './redis/locks.ts'
import { Names } from './redis/names.ts'
import { Numbers } from './redis/numbers.ts'
import { RedisPresence } from './redis/presence.ts'
import type { State } from './state.ts'

export type RedisSettings = ConnectionSettings & Pick<PlatformConfig, 'redisPrefix' | 'redisMaxOwed' | 'maxLimitKeys' | 'presenceSweepMs' | 'presenceKeepHours' | 'presenceStaysHours' | 'presenceGraceMs'>

/** The state of all servers that use one Redis. Comes back when that is connected, or could not be: then it goes on without. */
export async function openRedis (settings: RedisSettings, log: Log): Promise<State> {
  const { redisMaxOwed, maxLimitKeys } = settings
  const connection = new RedisConnection(settings, log)
  const names = new Names(settings.redisPrefix)
  const server = randomUUID()
  const numbers = new Numbers({ connection, names, server, maxOwed: redisMaxOwed })
  const limits = new RedisLimits(numbers, names, maxLimitKeys)
  const timing = {
    sweepMs: settings.presenceSweepMs,
    graceMs: settings.presenceGraceMs,
    keepMs: Math.ceil(settings.presenceKeepHours * 3_600_000),
    staysMs: Math.ceil(settings.presenceStaysHours * 3_600_000)
  }
  const presence = new RedisPresence({ connection, names, server, maxLeft: redisMaxOwed, timing, log })
  const channels = new RedisChannels({ connection, names, server, log })
  const locks = new RedisLocks(connection, names)
  await connection.open()
  let look: Promise<unknown> | undefined
  const timer = setInterval(() => {
    look ??= Promise.all([connection.check(), presence.sweep()]).finally(() => { look = undefined })
  }, settings.presenceSweepMs).unref()
  return {
    kind: 'redis',
    get connection () { return connection.status },
    limits,
    counters: new RedisCounters(connection, numbers, names, redisMaxOwed),
    presence,
    channels,
    locks,
    figures: () => ({ members: presence.size, limitKeys: limits.size, answeredAlone: connection.answeredAlone }),
    async close () {
      clearInterval(timer)
      // Who was just taken out is told of.
      await look
      await locks.close()
      connection.close()
    }
  }
}
