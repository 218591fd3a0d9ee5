import t from 'tap'
import { ERROR_CODES, HeadwaterError } from '../../src/errors/catalogue.ts'

t.test('every code has a status that is an error, and a text', async t => {
  for (const code of ERROR_CODES) {
    const error = new HeadwaterError(code)
    t.ok(error instanceof Error)
    t.equal(error.code, code)
    t.equal(error.name, 'HeadwaterError')
    t.ok(error.statusCode >= 400 && error.statusCode < 600, code)
    t.ok(error.message.length > 3, error.message)
  }
})

t.test('contracts/livestream.md 3: the documented codes, with the statuses of section 6', async t => {
  const documented = { STREAM_NOT_FOUND: 404, UNAUTHORIZED: 403, STREAM_ALREADY_EXISTS: 409, MEDIA_ERROR: 422, FFMPEG_ERROR: 500, CONNECTION_FAILED: 429, RATE_LIMIT_EXCEEDED: 429, INVALID_REQUEST: 400, SEGMENT_NOT_FOUND: 404 } as const
  for (const [code, status] of Object.entries(documented)) t.equal(new HeadwaterError(code as keyof typeof documented).statusCode, status, code)
})

t.test('what is known about an error travels with it', async t => {
  const cause = new Error('cause')
  t.match(new HeadwaterError('SERVER_BUSY', { message: 'Full', streamKey: 'key', retryAfterMs: 500, cause }), { message: 'Full', streamKey: 'key', retryAfterMs: 500, cause })
  const bare = new HeadwaterError('SERVER_BUSY')
  t.strictSame([bare.streamKey, bare.retryAfterMs, 'cause' in bare], [undefined, undefined, false])
})
