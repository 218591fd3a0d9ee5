export const LOCK_SCRIPTS = {
  /** Keeps a lock. One that Redis has lost is taken anew: nobody else has it. KEYS: the lock. ARGV: holder, lease in ms. @returns whether it is the holder's */
  renew: `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`,

  /** KEYS: the lock. ARGV: holder. */
  release: `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return false
`
} as const
