export const NUMBER_SCRIPTS = {
  /**
   * Adds to numbers. KEYS: the server, the numbers. ARGV: the number of this command among the server's, what to add, a
   * window in ms (0: it stays; -1: only where one is open, and not below 0), how long a server is remembered, in
   * seconds, and `remove` to begin at 0. @returns for each what it is then and when its window ends, in ms
   */
  add: `
-- Each command of a server has a number: none is done twice, and none that comes late.
if tonumber(ARGV[1]) <= tonumber(redis.call('GET', KEYS[1]) or '0') then return false end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[4])
local windowMs = tonumber(ARGV[3])

local function add (key)
  local by = tonumber(ARGV[2])
  if ARGV[5] == 'remove' then
    redis.call('DEL', key)
    if by == 0 then return 0, 0 end
  end
  if windowMs == -1 then by = -math.min(-by, tonumber(redis.call('GET', key) or '0')) end
  if windowMs == -1 and by == 0 then return 0, 0 end
  local value = redis.call('INCRBY', key, by)
  local endsInMs = redis.call('PTTL', key)
  if endsInMs < 0 and windowMs > 0 then
    redis.call('PEXPIRE', key, windowMs)
    endsInMs = windowMs
  end
  return value, endsInMs
end

local answer = {}
for index = 2, #KEYS do
  local value, endsInMs = add(KEYS[index])
  table.insert(answer, value)
  table.insert(answer, endsInMs)
end
return answer
`
} as const
