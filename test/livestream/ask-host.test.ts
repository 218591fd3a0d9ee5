import { once } from 'node:events'
import t from 'tap'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { askHost } from '../../src/livestream/ask-host.ts'
import type { PublishRequest } from '../../src/livestream/host-hooks.ts'

const REQUEST = { streamKey: 'show', userId: 'alice', action: 'start', credential: 'secret', address: '127.0.0.1', headers: { cookie: 'a=b' } } as const
const nobodyLeaves = () => new AbortController().signal

const ask = async (hook: (request: PublishRequest) => unknown, { timeoutMs = 10_000, gone = nobodyLeaves() } = {}) =>
  await askHost('authorizePublish', hook as (request: PublishRequest) => boolean, REQUEST, { timeoutMs, gone })

t.test('yes, now or later', async t => {
  await ask(() => true)
  await ask(async () => await new Promise(resolve => setImmediate(resolve, true)))
  let asked: PublishRequest | undefined
  await ask(request => {
    asked = request
    return true
  })
  t.match(asked, REQUEST)
  t.equal(asked!.signal.aborted, false, 'nothing is aborted afterwards either')
})

t.test('no', async t => {
  for (const no of [() => false, async () => false]) await t.rejects(ask(no), { code: 'UNAUTHORIZED', streamKey: 'show', message: 'The host does not allow it' })
})

t.test('an error of the catalogue is told as it is', async t => {
  const own = new HeadwaterError('SERVER_BUSY', { message: 'Come back on Monday', retryAfterMs: 1_000 })
  for (const hook of [() => { throw own }, async () => { throw own }]) t.equal(await ask(hook).catch((error: unknown) => error), own)
})

t.test('whatever else is thrown or answered: not decided, so refused, with the cause', async t => {
  const failed = { code: 'AUTHORIZATION_FAILED', statusCode: 503, streamKey: 'show', retryAfterMs: 2_000, message: 'The host could not decide; try again' }
  const broken = new Error('the database is gone')
  for (const hook of [() => { throw broken }, async () => { throw broken }]) {
    const error = await ask(hook).catch((error: unknown) => error) as HeadwaterError
    t.match(error, failed)
    t.match(error.cause, { message: 'authorizePublish failed', cause: broken })
  }
  for (const answer of [undefined, null, 1, 'true', {}, [true]]) {
    const error = await ask(() => answer).catch((error: unknown) => error) as HeadwaterError
    t.match(error, failed, String(answer))
    t.match((error.cause as Error).cause, { message: 'the answer was neither true nor false' })
  }
})

t.test('no answer in time: not decided; the signal says so, and a late answer changes nothing', async t => {
  let late: ((answer: boolean) => void) | undefined
  let signal: AbortSignal | undefined
  const error = await ask(async request => {
    signal = request.signal
    return await new Promise(resolve => { late = resolve })
  }, { timeoutMs: 20 }).catch((error: unknown) => error) as HeadwaterError
  t.match(error, { code: 'AUTHORIZATION_FAILED' })
  t.match((error.cause as Error).cause, { message: 'no answer within 20 ms' })
  t.equal(signal!.aborted, true)
  late!(true)
  // A rejection that nobody took would end the process.
  await t.rejects(ask(async ({ signal }) => {
    await once(signal, 'abort')
    throw new Error('aborted')
  }, { timeoutMs: 20 }), { code: 'AUTHORIZATION_FAILED' })
  await new Promise(resolve => setImmediate(resolve))
})

t.test('who asked has gone: nobody waits', async t => {
  const gone = new AbortController()
  let signal: AbortSignal | undefined
  const asking = ask(async request => {
    signal = request.signal
    gone.abort()
    return await new Promise(() => {})
  }, { gone: gone.signal })
  await t.rejects(asking, { code: 'UNAUTHORIZED' })
  t.equal(signal!.aborted, true)
  await t.rejects(ask(() => t.fail('the host is not asked for somebody who has gone'), { gone: gone.signal }), { code: 'UNAUTHORIZED' })
})
