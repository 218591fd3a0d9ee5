/**
 * The register of who is where, for all scripts that use it. Times are in milliseconds by the clock of Redis.
 *
 * - `present:<place>`: hash, member to `<joined> <last seen> <time-out> <first joined> <stayed before> <pool> <data>`.
 *   First joined is 0 where stays are not kept. The pool of which this is its seat is `=` and its name with blanks and
 *   the like encoded, or nothing. Data are JSON.
 * - `timeouts:<place>`: sorted set, members by when they time out.
 * - `next-timeouts`: sorted set, places in which somebody is by when somebody may time out, or earlier.
 * - `history:<place>`: hash of what was counted; `closed` where nobody may come in. It expires when nobody is there.
 * - `seats:<pool>`: hash, member to place. Each goes with the member of that place.
 * - `stays:<turn>:<place>`: hash, member who left to `<first joined> <last seen> <total>`. A turn is as long as stays are
 *   kept. What is kept is in this turn and the last; the hash expires after that, so that nobody has to look for old ones.
 *
 * KEYS: what the names begin with: a script finds out by itself which places it needs. ARGV: server, how long an empty
 * place is kept, how long stays are, in ms; then each script's own.
 */
export const REGISTER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local server, keepMs, staysMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local nextTimeouts = KEYS[6]

local function seatsOf (pool)
  return KEYS[4] .. pool
end

local function keysOf (place)
  return { place = place, present = KEYS[1] .. place, history = KEYS[2] .. place, timeouts = KEYS[3] .. place }
end

-- Of this turn and the last.
local function staysOf (place)
  if staysMs == 0 then return {} end
  local turn = math.floor(now / staysMs)
  return { KEYS[5] .. string.format('%.0f:', turn) .. place, KEYS[5] .. string.format('%.0f:', turn - 1) .. place }
end

local function decode (text)
  local joinedAt, lastSeenAt, timeoutMs, firstJoinedAt, beforeMs, pool, data = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%S*) (.*)$')
  return {
    joinedAt = tonumber(joinedAt), lastSeenAt = tonumber(lastSeenAt), timeoutMs = tonumber(timeoutMs),
    firstJoinedAt = tonumber(firstJoinedAt), beforeMs = tonumber(beforeMs), pool = pool, data = data
  }
end

local function encode (seen)
  return string.format('%.0f %.0f %.0f %.0f %.0f %s %s', seen.joinedAt, seen.lastSeenAt, seen.timeoutMs, seen.firstJoinedAt, seen.beforeMs, seen.pool, seen.data)
end

local function find (keys, member)
  local text = redis.call('HGET', keys.present, member)
  return text and decode(text)
end

local function hasTimedOut (seen)
  return seen.lastSeenAt + seen.timeoutMs <= now
end

-- Who has not timed out.
local function count (keys)
  return redis.call('ZCOUNT', keys.timeouts, string.format('(%.0f', now), '+inf')
end

local function isClosed (keys)
  return redis.call('HEXISTS', keys.history, 'closed') == 1
end

local function counted (keys)
  return redis.call('HMGET', keys.history, 'peak', 'joins:' .. server, 'ms:' .. server)
end

local function atLeast (keys, field, value)
  if tonumber(value) > tonumber(redis.call('HGET', keys.history, field) or '0') then redis.call('HSET', keys.history, field, value) end
end

local function seeUntil (keys, seen, at)
  if at <= seen.lastSeenAt then return end
  redis.call('HINCRBY', keys.history, 'ms:' .. server, at - seen.lastSeenAt)
  seen.lastSeenAt = at
end

local function stayed (seen)
  return seen.beforeMs + math.max(0, seen.lastSeenAt - seen.joinedAt)
end

local function endedStays (keys, member)
  for _, key in ipairs(staysOf(keys.place)) do
    local first, last, total = string.match(redis.call('HGET', key, member) or '', '^(%d+) (%d+) (%d+)$')
    if last and now - tonumber(last) < staysMs then return tonumber(first), tonumber(last), tonumber(total) end
  end
end

local function dropStays (keys, member)
  for _, key in ipairs(staysOf(keys.place)) do redis.call('HDEL', key, member) end
end

-- Adds to what is kept: the same may be told twice.
local function keepStays (keys, member, first, last, total)
  if staysMs == 0 then return end
  local keptFirst, keptLast, keptTotal = endedStays(keys, member)
  dropStays(keys, member)
  local key = staysOf(keys.place)[1]
  redis.call('HSET', key, member, string.format('%.0f %.0f %.0f', math.min(first, keptFirst or first), math.max(last, keptLast or 0), math.max(total, keptTotal or 0)))
  redis.call('PEXPIREAT', key, (math.floor(now / staysMs) + 2) * staysMs)
end

-- Those of before belong to who is there.
local function takeStays (keys, member, seen)
  if seen.firstJoinedAt == 0 then return end
  local first, _, total = endedStays(keys, member)
  seen.firstJoinedAt = math.min(seen.firstJoinedAt, first or seen.firstJoinedAt)
  seen.beforeMs = math.max(seen.beforeMs, total or 0)
  dropStays(keys, member)
end

local function put (keys, member, seen)
  redis.call('HSET', keys.present, member, encode(seen))
  local timesOutAt = seen.lastSeenAt + seen.timeoutMs
  redis.call('ZADD', keys.timeouts, timesOutAt, member)
  local nextAt = redis.call('ZSCORE', nextTimeouts, keys.place)
  if not nextAt or timesOutAt < tonumber(nextAt) then redis.call('ZADD', nextTimeouts, timesOutAt, keys.place) end
  redis.call('PERSIST', keys.history)
end

local function seat (keys, member, seen, pool)
  if seen.pool == pool then return end
  if seen.pool ~= '' then redis.call('HDEL', seatsOf(seen.pool), member) end
  redis.call('HSET', seatsOf(pool), member, keys.place)
  seen.pool = pool
end

local function remove (keys, member, seen)
  redis.call('HDEL', keys.present, member)
  redis.call('ZREM', keys.timeouts, member)
  if seen.pool ~= '' then redis.call('HDEL', seatsOf(seen.pool), member) end
  if seen.firstJoinedAt > 0 then keepStays(keys, member, seen.firstJoinedAt, seen.lastSeenAt, stayed(seen)) end
  if redis.call('EXISTS', keys.present) == 1 then return end
  redis.call('ZREM', nextTimeouts, keys.place)
  redis.call('PEXPIRE', keys.history, keepMs)
end

-- Joins, or is seen again; pool and data as they were where they are empty.
local function see (keys, member, found, timeoutMs, keepsStay, pool, data)
  local seen = found
  if seen then
    seeUntil(keys, seen, now)
  else
    redis.call('HINCRBY', keys.history, 'joins:' .. server, 1)
    seen = { joinedAt = now, lastSeenAt = now, timeoutMs = tonumber(timeoutMs), firstJoinedAt = keepsStay == '1' and now or 0, beforeMs = 0, pool = '', data = 'null' }
    takeStays(keys, member, seen)
  end
  if data ~= '' then seen.data = data end
  if pool ~= '' then seat(keys, member, seen, pool) end
  put(keys, member, seen)
  atLeast(keys, 'peak', redis.call('HLEN', keys.present))
  return seen
end
`
