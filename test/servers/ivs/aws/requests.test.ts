import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { retryDelay } from '../../../../src/retry-delay.ts'
import { RequestTurns } from '../../../../plugins/ivs/aws/request-turns.ts'
import type { Fault } from '../../../stand-ins/ivs/stand-in.ts'
import { opened } from './opened.ts'

const REPEATED: Fault[] = [{ kind: 'throttle' }, { kind: 'status', status: 500 }, { kind: 'status', status: 503 }, { kind: 'drop' }, { kind: 'lose-answer' }]
const NOT_REPEATED: Array<[Fault, string]> = [
  [{ kind: 'status', status: 400 }, 'STAGES_UNAVAILABLE'],
  [{ kind: 'status', status: 402 }, 'STAGES_UNAVAILABLE'],
  [{ kind: 'status', status: 403 }, 'STAGES_UNAVAILABLE'],
  [{ kind: 'status', status: 403, name: 'PendingVerification' }, 'STAGES_UNAVAILABLE'],
  [{ kind: 'status', status: 409 }, 'STAGES_UNAVAILABLE'],
  [{ kind: 'garbage' }, 'STAGES_UNAVAILABLE']
]

t.test('what may pass is tried again, and then given up', async t => {
  const { ivs, provider, told } = await opened(t, { attempts: 3 })
  for (const fault of REPEATED) {
    const before = ivs.asked('ListStages')
    const end = ivs.faults.add('ListStages', fault, 2)
    t.strictSame(await provider.list(), [], JSON.stringify(fault))
    t.equal(ivs.asked('ListStages') - before, 3)
    end()
    ivs.faults.add('ListStages', fault, 3)
    await t.rejects(provider.list(), { code: 'STAGES_UNAVAILABLE', retryAfterMs: fault.kind === 'throttle' ? 1_000 : undefined }, JSON.stringify(fault))
    t.equal(ivs.asked('ListStages') - before, 6)
  }
  t.equal(told.all('a request to AWS is tried again').length, REPEATED.length * 4)
})

t.test('what will not pass is not', async t => {
  const { ivs, provider } = await opened(t)
  for (const [fault, code] of NOT_REPEATED) {
    const before = ivs.asked('ListStages')
    ivs.faults.add('ListStages', fault, 1)
    await t.rejects(provider.list(), { code, statusCode: 503 }, JSON.stringify(fault))
    t.equal(ivs.asked('ListStages') - before, 1)
  }
})

t.test('an answer with nothing in it does not mean that there is nothing', async t => {
  const { ivs, provider, master } = await opened(t)
  ivs.faults.add('*', { kind: 'empty' }, 3)
  await t.rejects(provider.get(master), { code: 'STAGES_UNAVAILABLE' })
  await t.rejects(provider.create({ name: 'stage', tags: {} }), { code: 'STAGES_UNAVAILABLE' })
  await t.rejects(provider.issueToken({ stage: { arn: master, endpoints: {} }, role: 'viewer', userId: 'ann', lifeSeconds: 60 }), { code: 'TOKEN_GENERATION_FAILED' })
})

t.test('quotas', async t => {
  const { ivs, provider } = await opened(t)
  ivs.quotas.stages = 1
  await t.rejects(provider.create({ name: 'one too many', tags: {} }), { code: 'INVALID_REQUEST' }, 'a name that AWS does not take')
  await t.rejects(provider.create({ name: 'one-too-many', tags: {} }), { code: 'STAGE_LIMIT_REACHED', statusCode: 503 })
})

t.test('tokens', async t => {
  const { ivs, provider, master } = await opened(t)
  const token = () => provider.issueToken({ stage: { arn: master, endpoints: {} }, role: 'viewer', userId: 'ann', lifeSeconds: 60 })
  for (const status of [400, 402, 403, 500]) {
    ivs.faults.add('CreateParticipantToken', { kind: 'status', status }, 3)
    await t.rejects(token(), { code: 'TOKEN_GENERATION_FAILED', statusCode: 500 }, String(status))
    ivs.faults.clear()
  }
  ivs.faults.add('CreateParticipantToken', { kind: 'garbage' }, 1)
  await t.rejects(token(), { code: 'TOKEN_GENERATION_FAILED' })
  ivs.faults.add('CreateParticipantToken', { kind: 'throttle' }, 3)
  await t.rejects(token(), { code: 'STAGES_UNAVAILABLE', retryAfterMs: 1_000 })
  await provider.delete(master)
  await t.rejects(token(), { code: 'NOT_FOUND' })
})

t.test('a stage whose answer was lost is found by its tags, and is not made twice', async t => {
  const { ivs, provider } = await opened(t)
  ivs.faults.add('CreateStage', { kind: 'lose-answer' }, 1)
  const stage = await provider.create({ name: 'lost', tags: { ManagedBy: 'auto-scaler' } })
  t.match(stage, { name: 'lost', endpoints: { whip: /^http/ } })
  t.strictSame(await provider.list(), [stage])
  t.equal(ivs.asked('CreateStage'), 1)
})

t.test('if it cannot be looked for then, it is there when stages are listed later', async t => {
  const { ivs, provider, told } = await opened(t)
  ivs.faults.add('CreateStage', { kind: 'lose-answer' }, 1)
  ivs.faults.add('ListStages', { kind: 'drop' }, 3)
  await t.rejects(provider.create({ name: 'lost', tags: {} }), { code: 'STAGES_UNAVAILABLE' })
  t.equal(told.all('a stage may have been made whose answer was lost: it will be found by its tags').length, 1)
  t.match(await provider.list(), [{ name: 'lost' }])
})

t.test('one that was not made is not found, and not made again behind the back', async t => {
  const { ivs, provider } = await opened(t)
  await provider.create({ name: 'twin', tags: {} })
  for (const fault of [{ kind: 'drop' }, { kind: 'status', status: 500 }, { kind: 'garbage' }] as const) {
    ivs.faults.add('CreateStage', fault, 1)
    await t.rejects(provider.create({ name: 'twin', tags: {} }), { code: 'STAGES_UNAVAILABLE' })
  }
  t.equal((await provider.list()).length, 1)
  ivs.faults.add('CreateStage', { kind: 'throttle' }, 2)
  await t.resolves(provider.create({ name: 'throttled', tags: {} }), 'one that was throttled was not made')
})

t.test('a request that takes too long has failed', async t => {
  const { ivs, provider } = await opened(t, { requestMs: 100, attempts: 2 })
  ivs.faults.add('ListStages', { kind: 'hang' }, 2)
  const begin = performance.now()
  await t.rejects(provider.list(), { code: 'STAGES_UNAVAILABLE', message: 'AWS does not do ListStages: no answer in time' })
  t.ok(performance.now() - begin >= 190)
  t.strictSame(await provider.list(), [])
})

t.test('nobody is there', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const { provider } = await opened(t, { endpoint: `http://127.0.0.1:${port}` })
  await t.rejects(provider.list(), { code: 'STAGES_UNAVAILABLE', message: 'AWS does not do ListStages: ECONNREFUSED' })
})

t.test('a wrong key', async t => {
  const { provider } = await opened(t, { secretAccessKey: 'wrong' })
  await t.rejects(provider.list(), { code: 'STAGES_UNAVAILABLE', message: /^AWS does not do ListStages: InvalidSignatureException \(look at IVS_ACCESS_KEY_ID/ })
})

t.test('the clock of this machine is wrong: the first request is tried again with that of AWS', async t => {
  const { ivs, provider } = await opened(t)
  ivs.skewMs = 3_600_000
  t.strictSame(await provider.list(), [])
  t.equal(ivs.asked('ListStages'), 2)
})

t.test('requests keep to the rates, each operation to its own', async t => {
  const { ivs, provider, master } = await opened(t, { requestsPerSecond: 5, tokensPerSecond: 50, retryMs: 200 })
  // A request may be under way for longer than the one after it: then AWS sees them closer together, and one is tried again.
  ivs.limitRates()
  const begin = performance.now()
  const token = (i: number) => provider.issueToken({ stage: { arn: master, endpoints: {} }, role: 'viewer', userId: `viewer-${i}`, lifeSeconds: 60 })
  const [tokens] = await Promise.all([
    Promise.all(Array.from({ length: 75 }, (_, i) => token(i))),
    Promise.all(Array.from({ length: 8 }, () => provider.get(master))),
    Promise.all(Array.from({ length: 8 }, () => provider.list()))
  ])
  const took = performance.now() - begin
  t.equal(new Set(tokens.map(({ token }) => token)).size, 75)
  t.ok(took >= 590, `three more than five, or 25 more than 50, take longer than ${took} ms`)
})

t.test('whoever would wait too long is refused at once, and told when to come again', async t => {
  const { ivs, provider, master } = await opened(t, { requestsPerSecond: 2, requestQueueMs: 600 })
  const begin = performance.now()
  const results = await Promise.allSettled(Array.from({ length: 5 }, async () => {
    try {
      return await provider.get(master)
    } catch (error) {
      t.ok(performance.now() - begin < 500, 'it has not waited')
      throw error
    }
  }))
  t.equal(results.filter(({ status }) => status === 'fulfilled').length, 3)
  const refused = results.flatMap(result => result.status === 'rejected' ? [result.reason] : [])
  t.equal(refused.length, 2)
  for (const error of refused) {
    t.match(error, { code: 'STAGES_UNAVAILABLE', statusCode: 503 })
    t.ok(error.retryAfterMs > 600 && error.retryAfterMs <= 1_000)
  }
  t.equal(ivs.asked('GetStage'), 3)
})

t.test('closing ends what is under way and what waits', async t => {
  const { ivs, provider, master } = await opened(t, { requestsPerSecond: 1, attempts: 5, requestMs: 60_000, retryMs: 60_000 })
  ivs.faults.add('GetStage', { kind: 'hang' })
  ivs.faults.add('ListStages', { kind: 'throttle' })
  const asking = [provider.get(master), provider.get(master), provider.list()]
  const settled = Promise.allSettled(asking)
  while (ivs.asked() < 2) await new Promise(resolve => setImmediate(resolve))
  await provider.close()
  for (const result of await settled) t.match(result, { status: 'rejected', reason: { code: 'STAGES_UNAVAILABLE' } })
})

t.test('a refusal takes no turn away from those that wait', async t => {
  const turns = new RequestTurns({ requestsPerSecond: 1_000, tokensPerSecond: 1_000, requestQueueMs: 0 })
  const { signal } = new AbortController()
  const results = await Promise.allSettled(Array.from({ length: 3_000 }, () => turns.take('GetStage', signal)))
  const taken = results.filter(({ status }) => status === 'fulfilled').length
  t.ok(taken >= 1_000 && taken < 3_000, `${taken} were taken`)
  await new Promise(resolve => setTimeout(resolve, 10))
  await t.resolves(turns.take('GetStage', signal))
})

t.test('the wait before a try is doubled for each, with jitter', async t => {
  let tried = 0
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10 }), fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (retryMs, attempt, random) => {
    tried++
    const wait = retryDelay(retryMs, attempt, random)
    const whole = retryMs * 2 ** (attempt - 1)
    return wait >= whole / 2 && wait <= whole
  }))
  t.equal(tried, 100)
})
