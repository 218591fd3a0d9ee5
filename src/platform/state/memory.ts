import type { PlatformConfig } from '../../config/platform.ts'
import type { Log } from '../../log.ts'
import { MemoryChannels } from './memory/channels.ts'
import { MemoryCounters } from './memory/counters.ts'
import { MemoryLimits } from './memory/limits.ts'
import { MemoryLocks } from './memory/locks.ts'
import { MemoryPresence } from './memory/presence.ts'
import type { State } from './state.ts'

export type MemorySettings = Pick<PlatformConfig, 'maxLimitKeys' | 'presenceSweepMs' | 'presenceKeepHours' | 'presenceStaysHours'>

/** The state of one server, gone with its process. */
export function openMemory (settings: MemorySettings, log: Log): State {
  const { maxLimitKeys, presenceSweepMs, presenceKeepHours, presenceStaysHours } = settings
  const limits = new MemoryLimits(maxLimitKeys)
  const timing = { sweepMs: presenceSweepMs, keepMs: presenceKeepHours * 3_600_000, staysMs: presenceStaysHours * 3_600_000 }
  const presence = new MemoryPresence(timing, log)
  const locks = new MemoryLocks()
  return {
    kind: 'memory',
    connection: 'connected',
    limits,
    counters: new MemoryCounters(),
    presence,
    channels: new MemoryChannels(log),
    locks,
    figures: () => ({ members: presence.size, limitKeys: limits.size, answeredAlone: 0 }),
    async close () {
      presence.close()
      locks.close()
    }
  }
}
