import fc from 'fast-check'

export interface FuzzRequest {
  app: 'standalone' | 'bare'
  /** A socket takes paths as they are; `inject` tidies them up, and takes headers that a client cannot send. */
  via: 'socket' | 'inject'
  method: string
  path: string
  headers: Record<string, string>
  body: string | undefined
}

/** Streams of the apps, as the target makes them: one that nobody has begun to send to, one that is on disk only. */
export const PREPARED = 'prepared'
export const ENDED = 'ended'
export const OWNER = 'owner-whom-nobody-guesses'

const word = fc.constantFrom(
  PREPARED, ENDED, 'unknown', 'other-1', 'other-2', '.hidden', '-', '_', 'a'.repeat(128), 'a'.repeat(129), 'a'.repeat(600),
  'active', 'health', 'status', 'debug', 'start', 'stop', 'stream.m3u8', 'live.m3u8', 'thumbnail.jpg', 'segment_0.ts', 'segment_1.ts', 'segment_7.ts',
  'segment_00.ts', 'segment_-1.ts', 'segment_1e3.ts', 'segment_999999999999999.ts', 'segment_9999999999999999.ts', 'segment_.ts', 'segment_0.ts.part', 'segment_0%2ets', 'segment_%30.ts',
  'canary.txt', 'journal.jsonl', 'secret.txt', 'livestream', 'watch', 'assets', 'socket.io'
)
const trick = fc.constantFrom(
  '..', '.', '...', '%2e%2e', '%2E%2E', '.%2e', '%2e', '..%2f', '%2e%2e%2f', '..%2F..%2F', '%252e%252e%252f', '..%5c', '..\\', '%5c..%5c', '....//', '..;', '..%00', '%00', '%0a', '%0d%0a', '%',
  '%2', '%zz', '%c0%ae%c0%ae', '%c0%af', '%e2%80%ae', '%f0%9f%98%80', '%ef%bc%8f', '%u002e', '~', '*', ':streamId', '{}', '[', '\u00e4', '\u00ff', '%2f', '%3f', '%23', '#', ';x=1', '__proto__', 'constructor', '%F', '@', '//', 'C:', 'file:'
)
const part = fc.oneof({ weight: 5, arbitrary: word }, { weight: 3, arbitrary: trick }, { weight: 1, arbitrary: fc.tuple(word, trick).map(parts => parts.join('')) }, { weight: 1, arbitrary: fc.tuple(trick, word).map(parts => parts.join('')) })
const below = fc.array(part, { maxLength: 5 }).map(parts => parts.join('/'))

/** Up to the secrets, from wherever a key or a segment's number stands. */
const climbing = fc.record({
  step: fc.constantFrom('../', '..%2f', '%2e%2e/', '%2e%2e%2f', '..%5c', '%252e%252e%252f', './../', '..//', '..;/'),
  depth: fc.integer({ min: 1, max: 4 }),
  before: fc.constantFrom('', PREPARED, `${PREPARED}/`, `${PREPARED}/segment_`, 'x/'),
  goal: fc.constantFrom('canary.txt', 'streams/canary.txt', `${PREPARED}/secret.txt`, 'segment_0.ts', 'canary/segment_0.ts', 'canary', 'etc/passwd'),
  behind: fc.constantFrom('', '/segment_0.ts', '/stream.m3u8', '/status', '/debug', '.ts')
}).map(({ step, depth, before, goal, behind }) => before + step.repeat(depth) + goal + behind)

const path = fc.oneof(
  { weight: 6, arbitrary: below.map(rest => `/livestream/${rest}`) },
  { weight: 3, arbitrary: climbing.map(rest => `/livestream/${rest}`) },
  { weight: 2, arbitrary: below.map(rest => `/${rest}`) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(PREPARED, ENDED), fc.constantFrom('stream.m3u8', 'live.m3u8', 'thumbnail.jpg', 'segment_0.ts', 'segment_1.ts', 'status', 'debug', 'start', 'stop')).map(([key, name]) => `/livestream/${key}/${name}`) },
  { weight: 1, arbitrary: fc.string({ unit: fc.integer({ min: 0x21, max: 0xff }).map(code => String.fromCharCode(code)), maxLength: 30 }).map(rest => `/livestream/${rest}`) }
)

const query = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom('?', '?a=b', '?a[]=1&a[]=2', '?__proto__[x]=1', '?%', '?a=%zz', `?a=${'b'.repeat(3_000)}`, `?${'a&'.repeat(1_500)}`, '??', '?streamId=../..') }
)

const range = fc.oneof(
  fc.constantFrom('bytes=0-', 'bytes=-1', 'bytes=0-0', 'bytes=-0', 'bytes=5-2', 'bytes=0-0,2-3', 'bytes=', 'bytes', 'items=0-1', 'bytes=a-b', 'bytes=9999999999999999999-', 'bytes=-9999999999999999999', 'bytes=1e1-2e1', 'bytes= 0 - 1', `bytes=${'0-1,'.repeat(300)}`),
  fc.tuple(fc.nat(3_000), fc.nat(200_000)).map(([from, to]) => `bytes=${from}-${to}`)
)
const header = fc.oneof(
  range.map(value => ['range', value] as const),
  fc.constantFrom('gzip', '*', 'gzip;q=0', 'gzip;q=0.5, br', 'identity;q=0', 'br', 'gzip;q=', ' gzip ;q=1 ', 'gzip,'.repeat(200), 'gzip;q=0.000', 'x-gzip').map(value => ['accept-encoding', value] as const),
  fc.constantFrom('application/json', 'application/json; charset=utf-8', 'application/json;charset=x', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'APPLICATION/JSON', 'application/vnd.api+json', '/', ';', 'application/octet-stream', 'text/html;'.repeat(40)).map(value => ['content-type', value] as const),
  fc.constantFrom('Bearer', 'Bearer ', 'bearer x', `Bearer ${'a'.repeat(4_000)}`, 'Basic eDp5', 'Bearer \u00e4', 'Bearer a b').map(value => ['authorization', value] as const),
  fc.constantFrom('null', 'http://example.com', '*', '\u00ff').map(value => ['origin', value] as const),
  fc.constantFrom('127.0.0.1', '../../etc', 'a'.repeat(2_000), ':::').map(value => ['x-forwarded-for', value] as const),
  fc.constantFrom('1', '"x"', '*', 'Thu, 01 Jan 1970 00:00:00 GMT').chain(value => fc.constantFrom('if-none-match', 'if-modified-since', 'if-range').map(name => [name, value] as const)),
  fc.constantFrom('gzip', 'br', 'deflate', 'x').map(value => ['content-encoding', value] as const),
  fc.constantFrom('PUT', 'DELETE', '').map(value => ['x-http-method-override', value] as const)
)

const action = fc.record({
  action: fc.constantFrom<unknown>('start', 'stop', 'START', 1, null, {}),
  timestamp: fc.constantFrom<unknown>(0, 1.5, -1, 1e308, 'now', null),
  userId: fc.constantFrom<unknown>('somebody', '', 'a'.repeat(256), 'a'.repeat(257), 7, null, ['somebody'], '\ud800'),
  title: fc.constantFrom<unknown>('title', 'a'.repeat(2_000), 'a'.repeat(2_001), '<script>', 5),
  description: fc.constantFrom<unknown>('text', '\0'),
  extra: fc.anything({ maxDepth: 2 }).map(value => JSON.stringify(value) ?? '')
}, { requiredKeys: ['action', 'timestamp'] })

const body = fc.oneof(
  { weight: 5, arbitrary: action.map(value => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.constantFrom('', '{', '[]', 'null', '0', '"start"', '{"action":"start"', '{"__proto__":{"action":"start","timestamp":1}}', '{"constructor":{"prototype":{}},"action":"start","timestamp":1}', '{"action":"start","action":"stop","timestamp":1}', '\ufeff{}', 'a=b', '\0') },
  { weight: 1, arbitrary: fc.string({ maxLength: 60 }) }
)
const large = fc.constantFrom('['.repeat(60_000), '{"a":'.repeat(20_000), `{"action":"start","timestamp":1,"title":"${'a'.repeat(1_100_000)}"}`)

/** What anybody may send. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc.record({
  app: fc.constantFrom('standalone' as const, 'bare' as const),
  via: fc.constantFrom('socket' as const, 'inject' as const),
  method: fc.oneof({ weight: 6, arbitrary: fc.constant('GET') }, { weight: 3, arbitrary: fc.constant('POST') }, { weight: 2, arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'PURGE', 'SEARCH', 'M-SEARCH') }),
  path: fc.tuple(path, query).map(parts => parts.join('')),
  headers: fc.array(header, { maxLength: 4 }).map(headers => Object.fromEntries(headers)),
  body: fc.oneof({ weight: 300, arbitrary: fc.constant(undefined) }, { weight: 300, arbitrary: body }, { weight: 1, arbitrary: large })
}).map(withJsonType).map(withReadablePath).map(withUntidiedPath).map(withoutNewBroadcast)

function withJsonType (request: FuzzRequest): FuzzRequest {
  if (request.body === undefined || request.method !== 'POST' || request.headers['content-type'] !== undefined) return request
  return { ...request, headers: { ...request.headers, 'content-type': 'application/json' } }
}

/** What the HTTP parser gives up on is answered by whoever owns the server: a plugin's host does it in its own way. */
function withReadablePath (request: FuzzRequest): FuzzRequest {
  return /^[!-~]*$/.test(request.path) ? request : { ...request, app: 'standalone' }
}

/** `inject` takes two slashes for the beginning of a host's name. */
function withUntidiedPath (request: FuzzRequest): FuzzRequest {
  return /^[/\\]{2}/.test(request.path) ? { ...request, via: 'socket' } : request
}

/** What is on disk stays what it is: a new broadcast on the key would take its place. */
function withoutNewBroadcast (request: FuzzRequest): FuzzRequest {
  return request.method === 'POST' && request.path.includes(ENDED) ? { ...request, path: request.path.replaceAll('start', 'stop') } : request
}
