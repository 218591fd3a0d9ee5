import { REGISTER } from './register.ts'

/** Seats in places: see register.ts, also for what KEYS and ARGV begin with. */
export const SEAT_SCRIPTS = {
  /** ARGV: member, time-out, 1 to keep its stay, pool, data (empty: as it was); then for each place that is offered: itself, its seats. @returns place, whether it is another than before, members, the member, what was counted; where it left another place also that and what was counted there. Nothing where there is no room */
  takeSeat: `${REGISTER}
local member, timeoutMs, keepsStay, pool, data = unpack(ARGV, 4, 8)
local had = redis.call('HGET', seatsOf(pool), member)
local seen = had and find(keysOf(had), member)
if not seen then had = false end
local isLate = seen and hasTimedOut(seen)

-- How many are in a place, if there is room and fewer are there than elsewhere.
local function roomIn (place, seats, fewest)
  local keys = keysOf(place)
  local members = count(keys)
  return members < math.min(seats, fewest) and not isClosed(keys) and members
end

local best, fewest = nil, math.huge
for index = 9, #ARGV, 2 do
  if ARGV[index] == had and (not isLate or roomIn(had, tonumber(ARGV[index + 1]), fewest)) then best = had end
end
for index = 9, best and 0 or #ARGV, 2 do
  local members = roomIn(ARGV[index], tonumber(ARGV[index + 1]), fewest)
  if members then best, fewest = ARGV[index], members end
end
if not best then return false end
local left
if had and had ~= best then
  left = keysOf(had)
  if not isLate then seeUntil(left, seen, now) end
  remove(left, member, seen)
end
local keys = keysOf(best)
local there = see(keys, member, find(keys, member), timeoutMs, keepsStay, pool, data)
local answer = { best, had == best and 0 or 1, count(keys), encode(there), counted(keys) }
if left then
  table.insert(answer, had)
  table.insert(answer, counted(left))
end
return answer
`,

  /** Closes a place if nobody is in it. ARGV: place. @returns whether it is closed, and nobody in it */
  closeIfEmpty: `${REGISTER}
local keys = keysOf(ARGV[4])
if redis.call('EXISTS', keys.present) == 1 then return 0 end
redis.call('HSET', keys.history, 'closed', 1)
redis.call('PEXPIRE', keys.history, keepMs)
return 1
`
} as const
