import { completePlatformOptions } from '../../../src/config/load.ts'
import type { PlatformConfig } from '../../../src/config/platform.ts'

/** Text that means something to somebody: to Lua, to JSON, to a key in Redis. */
export const ODD_NAMES = ['', ' ', 'a:b', '12:x', '会议', 'a\nb', '"}{', '%d+ \0', '__proto__', 'arn:aws:ivs:eu-west-1:1:stage/x']

/** Short enough to wait for. */
export function settingsFor (options: Partial<PlatformConfig> = {}): PlatformConfig {
  // A busy machine is no Redis that has gone.
  return completePlatformOptions({ presenceSweepMs: 20, presenceGraceMs: 100, redisRetryMs: 100, redisCommandMs: 10_000, ...options })
}
