/**
 * What has to happen in Redis in one step, as Lua. A member is kept as `<joined> <last seen> <time-out> <data>`, times
 * in milliseconds by the clock of Redis, data as JSON. In `due` stands `<bytes of the place>:<place><member>`.
 */

const CLOCK = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

const MEMBERS = `${CLOCK}
local function read (found)
  local joinedAt, lastSeenAt, timeoutMs, data = string.match(found, '^(%d+) (%d+) (%d+) (.*)$')
  return tonumber(joinedAt), tonumber(lastSeenAt), tonumber(timeoutMs), data
end

local function write (key, member, joinedAt, lastSeenAt, timeoutMs, data)
  redis.call('HSET', key, member, string.format('%.0f %.0f %.0f %s', joinedAt, lastSeenAt, timeoutMs, data))
end

local function remove (keys, place, member, keepMs)
  redis.call('HDEL', keys.members, member)
  redis.call('ZREM', keys.due, #place .. ':' .. place .. member)
  if redis.call('EXISTS', keys.members) == 1 then return end
  redis.call('SREM', keys.places, place)
  redis.call('PEXPIRE', keys.history, keepMs)
end
`

/** What one server counted in a place. KEYS and ARGV begin the same in all that use it. */
const PLACE = `${MEMBERS}
local keys = { members = KEYS[1], history = KEYS[2], due = KEYS[3], places = KEYS[4] }
local place, server = ARGV[1], ARGV[2]

local function counted ()
  return unpack(redis.call('HMGET', keys.history, 'peak', 'joins:' .. server, 'ms:' .. server))
end

local function come (member, joinedAt, lastSeenAt, timeoutMs, data)
  write(keys.members, member, joinedAt, lastSeenAt, timeoutMs, data)
  redis.call('ZADD', keys.due, lastSeenAt + timeoutMs, #place .. ':' .. place .. member)
  redis.call('SADD', keys.places, place)
  redis.call('PERSIST', keys.history)
end

local function atLeast (field, value)
  if tonumber(value) > tonumber(redis.call('HGET', keys.history, field) or '0') then redis.call('HSET', keys.history, field, value) end
end

local function addTime (ms)
  if ms > 0 then redis.call('HINCRBY', keys.history, 'ms:' .. server, ms) end
end
`

export const SCRIPTS = {
  /**
   * Adds to a number. KEYS: the server, the number. ARGV: the number of this command among the server's, what to add, a
   * window in ms (0: it stays; -1: only where one is open, and not below 0), how long a server is remembered, in
   * seconds, and `remove` to begin at 0. @returns what it is then and when its window ends, in ms
   */
  add: `
-- Each command of a server has a number: none is done twice, and none that comes late.
if tonumber(ARGV[1]) <= tonumber(redis.call('GET', KEYS[1]) or '0') then return false end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
if ARGV[5] == 'remove' then
  redis.call('DEL', KEYS[2])
  if ARGV[2] == '0' then return { 0, 0 } end
end
local by, windowMs = tonumber(ARGV[2]), tonumber(ARGV[3])
if windowMs == -1 then by = -math.min(-by, tonumber(redis.call('GET', KEYS[2]) or '0')) end
if windowMs == -1 and by == 0 then return { 0, 0 } end
local value = redis.call('INCRBY', KEYS[2], by)
local endsInMs = redis.call('PTTL', KEYS[2])
if endsInMs < 0 and windowMs > 0 then
  redis.call('PEXPIRE', KEYS[2], windowMs)
  endsInMs = windowMs
end
return { value, endsInMs }
`,

  /** A member joins or is seen again. ARGV: place, server, member, time-out (empty: it has to be there), data (empty: as it was). @returns whether it joined, the member, and what was counted; nothing where it is not there */
  see: `${PLACE}
local member = ARGV[3]
local found = redis.call('HGET', keys.members, member)
if not found and ARGV[4] == '' then return false end
local joinedAt, lastSeenAt, timeoutMs, data = now, now, ARGV[4], 'null'
if found then
  joinedAt, lastSeenAt, timeoutMs, data = read(found)
  addTime(now - lastSeenAt)
else
  redis.call('HINCRBY', keys.history, 'joins:' .. server, 1)
end
if ARGV[5] ~= '' then data = ARGV[5] end
come(member, joinedAt, math.max(now, lastSeenAt), timeoutMs, data)
atLeast('peak', redis.call('HLEN', keys.members))
return { found and 0 or 1, joinedAt, timeoutMs, data, counted() }
`,

  /** A member leaves, or did so some time ago: then only if nobody has seen it since. ARGV: place, server, member, how long ago in ms, how long an empty place is kept. @returns what was counted; nothing where it is not there */
  leave: `${PLACE}
local member, agoMs = ARGV[3], tonumber(ARGV[4])
local found = redis.call('HGET', keys.members, member)
if not found then return false end
local joinedAt, lastSeenAt = read(found)
if agoMs > 0 and lastSeenAt > now - agoMs then return false end
addTime(now - agoMs - lastSeenAt)
remove(keys, place, member, ARGV[5])
return { counted() }
`,

  /** Who is in a place as far as one server knows, and what it counted: Redis may have lost it, or never heard of it. ARGV: place, server, how long an empty place is kept, peak, joins, accumulated ms; then for each member: itself, joined, last seen so long ago, time-out, data. */
  announce: `${PLACE}
for index = 7, #ARGV, 5 do
  local member, joinedAt, lastSeenAt = ARGV[index], tonumber(ARGV[index + 1]), now - ARGV[index + 2]
  local found = redis.call('HGET', keys.members, member)
  if found then
    local foundJoinedAt, foundLastSeenAt = read(found)
    joinedAt, lastSeenAt = math.min(joinedAt, foundJoinedAt), math.max(lastSeenAt, foundLastSeenAt)
  end
  come(member, math.min(joinedAt, lastSeenAt), lastSeenAt, tonumber(ARGV[index + 3]), ARGV[index + 4])
end
-- Who left another server meanwhile may not be known yet: how many there are at this moment says nothing.
atLeast('peak', ARGV[4])
atLeast('joins:' .. server, ARGV[5])
atLeast('ms:' .. server, ARGV[6])
if redis.call('EXISTS', keys.members) == 0 then redis.call('PEXPIRE', keys.history, ARGV[3]) end
return { counted() }
`,

  /** Forgets a place. */
  clear: `${PLACE}
for _, member in ipairs(redis.call('HKEYS', keys.members)) do redis.call('ZREM', keys.due, #place .. ':' .. place .. member) end
redis.call('DEL', keys.members, keys.history)
redis.call('SREM', keys.places, place)
return false
`,

  /**
   * Takes out who timed out. When nobody has done this for a while, Redis was away, and so were all servers: then they
   * get some time to announce who is still there. KEYS: due, places, the time of the last sweep. ARGV: what the names of
   * members and histories begin with, how long ago the last sweep may be, how long to wait then, how many at most, how
   * long an empty place is kept. @returns for each: place, member, what was kept of it
   */
  sweep: `${MEMBERS}
local last, waitUntil = unpack(redis.call('HMGET', KEYS[3], 'last', 'waitUntil'))
if now - tonumber(last or '0') > tonumber(ARGV[3]) then waitUntil = now + ARGV[4] end
redis.call('HSET', KEYS[3], 'last', now, 'waitUntil', waitUntil or 0)
if now < tonumber(waitUntil or '0') then return {} end
local gone = {}
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[5])) do
  local bytes, rest = string.match(entry, '^(%d+):(.*)$')
  local place, member = string.sub(rest, 1, bytes), string.sub(rest, bytes + 1)
  local keys = { members = ARGV[1] .. place, history = ARGV[2] .. place, due = KEYS[1], places = KEYS[2] }
  local found = redis.call('HGET', keys.members, member)
  if found then table.insert(gone, { place, member, found }) end
  remove(keys, place, member, ARGV[6])
end
return gone
`,

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

export type ScriptName = keyof typeof SCRIPTS
