import { REGISTER } from './register.ts'

/** Who is where: see register.ts, also for what KEYS and ARGV begin with. */
export const PRESENCE_SCRIPTS = {
  /** A member joins or is seen again. ARGV: place, member, time-out, 1 to keep its stay, data (empty: as it was). @returns whether it joined, the member, and what was counted; nothing where it cannot come */
  join: `${REGISTER}
local keys, member, timeoutMs, keepsStay, data = keysOf(ARGV[4]), ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local found = find(keys, member)
if not found and isClosed(keys) then return false end
local seen = see(keys, member, found, timeoutMs, keepsStay, '', data)
return { found and 0 or 1, encode(seen), counted(keys) }
`,

  /** Members of a place are seen again. ARGV: place, members. @returns what was counted, and for each the member; nothing for who is not there */
  touch: `${REGISTER}
local keys, touched = keysOf(ARGV[4]), {}
for index = 5, #ARGV do
  local member = ARGV[index]
  local seen = find(keys, member)
  -- Somebody else may have the seat of who is late.
  if seen and seen.pool ~= '' and hasTimedOut(seen) then seen = nil end
  if seen then
    seeUntil(keys, seen, now)
    put(keys, member, seen)
  end
  table.insert(touched, seen and encode(seen) or false)
end
return { counted(keys), touched }
`,

  /** A member leaves, or did so some time ago: then only if nobody has seen it since. ARGV: place, member, how long ago in ms, when it first joined and how long it stayed in all, as far as the server knows (0: it does not). @returns what was counted; nothing where it is not there */
  leave: `${REGISTER}
local keys, member, leftAt, firstJoinedAt, totalMs = keysOf(ARGV[4]), ARGV[5], now - ARGV[6], tonumber(ARGV[7]), tonumber(ARGV[8])
local seen = find(keys, member)
if seen and leftAt < now and seen.lastSeenAt > leftAt then return false end
if seen then
  seeUntil(keys, seen, leftAt)
  remove(keys, member, seen)
end
if firstJoinedAt > 0 then keepStays(keys, member, firstJoinedAt, leftAt, totalMs) end
return seen and counted(keys)
`,

  /** Who is in a place as far as one server knows, and what it counted: Redis may have lost it, or never heard of it. ARGV: place, peak, joins, accumulated ms; then for each member: itself, joined, last seen so long ago, time-out, first joined, stayed before, pool, data. @returns what was counted, and those who were seen later elsewhere in their pool */
  announce: `${REGISTER}
local keys, refused = keysOf(ARGV[4]), {}

-- @returns whether it is here that it was seen last
local function claimSeat (member, seen)
  local place = seen.pool ~= '' and redis.call('HGET', seatsOf(seen.pool), member)
  if not place or place == keys.place then return true end
  local elsewhere = keysOf(place)
  local other = find(elsewhere, member)
  if other and other.lastSeenAt > seen.lastSeenAt then return false end
  if other then remove(elsewhere, member, other) end
  return true
end

for index = 8, #ARGV, 8 do
  local member, joinedAt, agoMs, timeoutMs, firstJoinedAt, beforeMs, pool, data = unpack(ARGV, index, index + 7)
  local seen = {
    joinedAt = tonumber(joinedAt), lastSeenAt = now - agoMs, timeoutMs = tonumber(timeoutMs),
    firstJoinedAt = tonumber(firstJoinedAt), beforeMs = tonumber(beforeMs), pool = pool, data = data
  }
  if claimSeat(member, seen) then
    local found = find(keys, member)
    if found then
      seen.lastSeenAt = math.max(seen.lastSeenAt, found.lastSeenAt)
      if found.firstJoinedAt > 0 then seen.firstJoinedAt = math.min(found.firstJoinedAt, seen.firstJoinedAt == 0 and now or seen.firstJoinedAt) end
      -- What it stayed before a later time may be a part of this time.
      if found.joinedAt <= seen.joinedAt then seen.joinedAt, seen.beforeMs = found.joinedAt, found.beforeMs end
    end
    seen.joinedAt = math.min(seen.joinedAt, seen.lastSeenAt)
    takeStays(keys, member, seen)
    seen.pool = found and found.pool or ''
    if pool ~= '' then seat(keys, member, seen, pool) end
    put(keys, member, seen)
  else
    table.insert(refused, member)
  end
end
-- Who left another server meanwhile may not be known yet: how many there are at this moment says nothing.
atLeast(keys, 'peak', ARGV[5])
atLeast(keys, 'joins:' .. server, ARGV[6])
atLeast(keys, 'ms:' .. server, ARGV[7])
if redis.call('EXISTS', keys.present) == 0 then redis.call('PEXPIRE', keys.history, keepMs) end
return { counted(keys), refused }
`,

  /** Forgets a place. ARGV: place. */
  clear: `${REGISTER}
local keys = keysOf(ARGV[4])
local present = redis.call('HGETALL', keys.present)
for index = 1, #present, 2 do
  local pool = decode(present[index + 1]).pool
  if pool ~= '' then redis.call('HDEL', seatsOf(pool), present[index]) end
end
redis.call('DEL', keys.present, keys.history, keys.timeouts, unpack(staysOf(keys.place)))
redis.call('ZREM', nextTimeouts, keys.place)
return false
`,

  /**
   * Takes out who timed out. When nobody has done this for a while, Redis was away, and so were all servers: then they
   * get some time to announce who is still there. ARGV: how long ago the last sweep may be, how long to wait then, how
   * many at most. @returns whether there may be more; for each who was taken out: place, member, what was kept of it
   */
  sweep: `${REGISTER}
local sweepKey, most = KEYS[7], tonumber(ARGV[6])
local last, waitUntil = unpack(redis.call('HMGET', sweepKey, 'last', 'waitUntil'))
if now - tonumber(last or '0') > tonumber(ARGV[4]) then waitUntil = now + ARGV[5] end
redis.call('HSET', sweepKey, 'last', now, 'waitUntil', waitUntil or 0)
if now < tonumber(waitUntil or '0') then return { 0, {} } end
local gone = {}
local places = redis.call('ZRANGEBYSCORE', nextTimeouts, '-inf', now, 'LIMIT', 0, most)
for _, place in ipairs(places) do
  local keys = keysOf(place)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', keys.timeouts, '-inf', now, 'LIMIT', 0, most - #gone)) do
    local seen = find(keys, member)
    if seen then
      table.insert(gone, { place, member, encode(seen) })
      remove(keys, member, seen)
    else
      redis.call('ZREM', keys.timeouts, member)
    end
  end
  -- Whoever was seen again times out later than it was said.
  local nextAt = redis.call('ZRANGE', keys.timeouts, 0, 0, 'WITHSCORES')[2]
  if nextAt then redis.call('ZADD', nextTimeouts, nextAt, place) else redis.call('ZREM', nextTimeouts, place) end
end
return { (#places == most or #gone == most) and 1 or 0, gone }
`,

  /** ARGV: places. @returns how many are in each who have not timed out */
  counts: `${REGISTER}
local counts = {}
for index = 4, #ARGV do table.insert(counts, count(keysOf(ARGV[index]))) end
return counts
`,

  /** ARGV: place, member. @returns whether it is there, when it first joined and was last seen, how long it stayed in all; nothing where that is not kept */
  stay: `${REGISTER}
local keys, member = keysOf(ARGV[4]), ARGV[5]
local seen = find(keys, member)
if seen then return seen.firstJoinedAt > 0 and { hasTimedOut(seen) and 0 or 1, seen.firstJoinedAt, seen.lastSeenAt, stayed(seen) } end
local first, last, total = endedStays(keys, member)
return first and { 0, first, last, total }
`
} as const
