import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { openPublisherWatch, type OpenPublisherWatch, type PublisherHint } from '../../../plugins/ivs/publisher-watch.ts'
import type { PublisherState } from '../../../plugins/ivs/stage.ts'
import { completePlatformOptions } from '../../../src/config/load.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { openMemory } from '../../../src/platform/state/memory.ts'
import type { State } from '../../../src/platform/state/state.ts'
import { Told } from '../../fixtures/told.ts'

const MASTER = 'arn:aws:ivs:eu-central-1:123456789012:stage/master'
/** Nobody polls in a test that does not want to. */
const NEVER_SECONDS = 100_000

type Answer = Pick<PublisherState, 'isLive' | 'participantId' | 'sessionId'>
const LIVE = { isLive: true, participantId: 'bob', sessionId: 'st-1' }
const OFF = { isLive: false }

/** A provider that says what it is told to, and when. */
class Provider extends EventEmitter {
  answer: Answer | Error = OFF
  asked = 0
  #gate: Promise<void> | undefined

  /** It does not answer until it is let go. */
  hold (): () => void {
    let letGo = () => {}
    this.#gate = new Promise(resolve => { letGo = resolve })
    return () => {
      this.#gate = undefined
      letGo()
    }
  }

  async publisher (master: string): Promise<PublisherState> {
    if (master !== MASTER) throw new Error(`It was asked for ${master}`)
    this.asked++
    const asOf = new Date()
    this.emit('asked')
    await this.#gate
    if (this.answer instanceof Error) throw this.answer
    return { ...this.answer, asOf, source: 'poll' }
  }
}

interface Opened {
  provider: Provider
  watch: OpenPublisherWatch
  state: State
  told: Told
  /** What was told of. */
  changes: PublisherState[]
}

async function opened (t: Test, { answer = OFF as Answer | Error, livenessSeconds = NEVER_SECONDS, state = openMemory(completePlatformOptions({}), new Told()), provider = new Provider() } = {}): Promise<Opened> {
  const told = new Told()
  provider.answer = answer
  const watch = await openPublisherWatch({ provider, master: () => MASTER, state, livenessSeconds, log: told })
  t.teardown(async () => {
    await watch.close()
    await state.close()
  })
  const changes: PublisherState[] = []
  watch.onChange(change => { changes.push(change) })
  return { provider, watch, state, told, changes }
}

let hints = 0
function hint (what: PublisherHint['what'], changes: Partial<PublisherHint> = {}): PublisherHint {
  return { id: `event-${hints++}`, at: new Date(Date.now() + 1), stageArn: MASTER, what, participantId: 'bob', sessionId: 'st-1', ...changes }
}

/** What is asked because of a hint is done. */
async function settled (watch: OpenPublisherWatch): Promise<PublisherState> {
  return await watch.refresh()
}

t.test('it is known from the start', async t => {
  const { watch } = await opened(t, { answer: LIVE })
  t.match(watch.current(), { ...LIVE, source: 'poll' })
})

t.test('polls, and tells of changes, and of those alone', async t => {
  const { provider, changes } = await opened(t, { livenessSeconds: 0.02 })
  await once(provider, 'asked')
  provider.answer = LIVE
  for (let i = 0; i < 4; i++) await once(provider, 'asked')
  provider.answer = { ...LIVE, participantId: 'bob-again' }
  for (let i = 0; i < 3; i++) await once(provider, 'asked')
  provider.answer = OFF
  for (let i = 0; i < 3; i++) await once(provider, 'asked')
  t.match(changes, [LIVE, { isLive: true, participantId: 'bob-again' }, OFF])
  t.equal(changes.length, 3)
})

t.test('who does not want to be told any more is not', async t => {
  const { provider, watch } = await opened(t)
  let told = 0
  const end = watch.onChange(() => { told++ })
  end()
  provider.answer = LIVE
  t.match(await watch.refresh(), LIVE)
  t.equal(told, 0)
})

t.test('without a master stage nobody is live, and nobody is asked', async t => {
  const provider = new Provider()
  const watch = await openPublisherWatch({ provider, master: () => undefined, state: openMemory(completePlatformOptions({}), new Told()), livenessSeconds: NEVER_SECONDS, log: new Told() })
  t.teardown(() => watch.close())
  t.match(await watch.refresh(), OFF)
  t.equal(provider.asked, 0)
})

t.test('many who ask at the same time are one question, and one more for those who came after it was put', async t => {
  const { provider, watch } = await opened(t)
  const letGo = provider.hold()
  const first = Array.from({ length: 50 }, () => watch.refresh())
  t.equal(provider.asked, 2)
  provider.answer = LIVE
  letGo()
  for (const state of await Promise.all(first)) t.match(state, LIVE)
  t.equal(provider.asked, 3)
})

t.test('a provider that does not answer at the start: that is not the same as nobody, and it is told when it is known', async t => {
  const { provider, watch, changes, state } = await opened(t, { answer: new HeadwaterError('STAGES_UNAVAILABLE') })
  t.match(watch.current(), { isLive: false, isUnknown: true })
  const other = await opened(t, { answer: new HeadwaterError('STAGES_UNAVAILABLE'), state })
  provider.answer = OFF
  t.match(await watch.refresh(), { isLive: false, isUnknown: undefined })
  t.match(changes, [OFF])
  t.match(other.watch.current(), { isLive: false, isUnknown: undefined }, 'another server hears of it')
})

t.test('a provider that fails: what was known last is kept, told once with its age, and once when it is over', async t => {
  const { provider, watch, told, changes } = await opened(t, { answer: LIVE })
  const { asOf } = watch.current()
  provider.answer = new HeadwaterError('STAGES_UNAVAILABLE', { message: 'no answer in time' })
  for (let i = 0; i < 3; i++) t.strictSame(await watch.refresh(), { ...LIVE, asOf, source: 'poll' })
  const failures = told.all('it cannot be found out who publishes: what was known last is kept')
  t.match(failures, [{ reason: 'no answer in time', isLive: true }])
  t.equal(failures.length, 1)
  t.equal(typeof (failures[0] as { ageSeconds: unknown }).ageSeconds, 'number')
  provider.answer = OFF
  await watch.refresh()
  t.equal(told.all('it is known again who publishes').length, 1)
  t.equal(changes.length, 1)
})

t.test('a provider that fails at the start is asked again', async t => {
  const { provider, watch } = await opened(t, { answer: new Error('not yet'), livenessSeconds: 0.02 })
  t.equal(watch.current().isLive, false)
  provider.answer = LIVE
  await once(provider, 'asked')
  t.match(await watch.refresh(), LIVE)
})

t.test('other servers are told, and need not ask', async t => {
  const one = await opened(t)
  const other = await opened(t, { state: one.state })
  one.provider.answer = LIVE
  await one.watch.refresh()
  t.match(other.watch.current(), LIVE)
  t.ok(other.watch.current().asOf instanceof Date)
  t.match(other.changes, [LIVE])
  t.equal(other.provider.asked, 1)
})

t.test('as long as another server polls, this one need not', async t => {
  const one = await opened(t, { livenessSeconds: 0.04 })
  const other = await opened(t, { state: one.state, livenessSeconds: 0.8 })
  const begin = performance.now()
  while (performance.now() - begin < 1_000) await once(one.provider, 'asked')
  t.equal(other.provider.asked, 1)
  await one.watch.close()
  await once(other.provider, 'asked')
})

t.test('what another server said before is not newer', async t => {
  const { watch, state } = await opened(t, { answer: LIVE })
  await state.channels.publish('ivs:publisher', { ...OFF, asOf: new Date(Date.now() - 5_000), source: 'poll' })
  t.match(watch.current(), LIVE)
})

t.test('an event that says live is not believed, but looked into', async t => {
  const { provider, watch, changes } = await opened(t)
  watch.hint(hint('published'))
  t.equal(watch.current().isLive, false)
  t.match(await settled(watch), OFF)
  provider.answer = LIVE
  watch.hint(hint('published'))
  t.match(await settled(watch), LIVE)
  t.equal(changes.length, 1)
})

t.test('that whoever is live has stopped counts at once, here and elsewhere, and is confirmed', async t => {
  const { provider, watch, state, changes } = await opened(t, { answer: LIVE })
  const other = await opened(t, { state, answer: LIVE })
  const letGo = provider.hold()
  watch.hint(hint('unpublished'))
  t.match(watch.current(), { isLive: false, source: 'event', participantId: undefined })
  t.match(other.watch.current(), { isLive: false, source: 'event' })
  provider.answer = OFF
  letGo()
  t.match(await settled(watch), { isLive: false, source: 'poll' })
  t.equal(changes.length, 1)
})

t.test('if it does not hold, whoever is live is live again', async t => {
  const { watch, changes } = await opened(t, { answer: LIVE })
  watch.hint(hint('unpublished'))
  t.match(await settled(watch), LIVE)
  t.match(changes, [OFF, LIVE])
})

t.test('that somebody else has stopped, or on another stage, says nothing of whoever is live', async t => {
  const { provider, watch, changes } = await opened(t, { answer: LIVE })
  watch.hint(hint('unpublished', { participantId: 'eve' }))
  t.equal(provider.asked, 2)
  await settled(watch)
  const { asked } = provider
  watch.hint(hint('unpublished', { stageArn: `${MASTER}2` }))
  watch.hint(hint('other'))
  t.equal(provider.asked, asked)
  t.strictSame(changes, [])
})

t.test('what comes again, or late, changes nothing', async t => {
  const { provider, watch, changes } = await opened(t, { answer: LIVE })
  const again = hint('published')
  watch.hint(again)
  await settled(watch)
  const { asked } = provider
  watch.hint(again)
  watch.hint(hint('unpublished', { at: new Date(again.at.getTime() - 10) }))
  t.equal(provider.asked, asked, 'nobody is asked')
  t.match(watch.current(), LIVE)
  t.strictSame(changes, [])
})

t.test('an event from before it was found out who is live is looked into, but not believed', async t => {
  const { provider, watch, changes } = await opened(t, { answer: LIVE })
  watch.hint(hint('unpublished', { at: new Date(Date.now() - 3_600_000) }))
  t.match(watch.current(), LIVE)
  t.equal(provider.asked, 2)
  t.match(await settled(watch), LIVE)
  t.strictSame(changes, [])
})

t.test('one from the future does not make all others late', async t => {
  const { provider, watch } = await opened(t)
  watch.hint(hint('published', { at: new Date(Date.now() + 86_400_000) }))
  await settled(watch)
  const { asked } = provider
  watch.hint(hint('published', { at: new Date(Date.now() + 1) }))
  t.equal(provider.asked, asked + 1)
})

t.test('an answer that was on its way when an event came does not undo it', async t => {
  const { provider, watch, changes } = await opened(t, { answer: LIVE })
  const letGo = provider.hold()
  const asking = watch.refresh()
  await new Promise(resolve => setTimeout(resolve, 5))
  watch.hint(hint('unpublished', { at: new Date(Date.now() + 1) }))
  provider.once('asked', () => { provider.answer = OFF })
  letGo()
  await asking
  t.equal(watch.current().isLive, false)
  t.match(await settled(watch), OFF)
  t.match(changes, [OFF])
  t.equal(changes.length, 1)
})

t.test('closed, it asks nobody, hears nothing and leaves no timer', async t => {
  // A message may be on its way while nobody listens any more.
  const state = openMemory(completePlatformOptions({}), new Told())
  const { subscribe } = state.channels
  state.channels.subscribe = async (channel, listener) => {
    await subscribe.call(state.channels, channel, listener)
    return async () => {}
  }
  const { provider, watch, changes } = await opened(t, { livenessSeconds: 0.01, state })
  const letGo = provider.hold()
  const asking = watch.refresh()
  let isClosed = false
  const closing = watch.close().then(() => { isClosed = true })
  await new Promise(resolve => setImmediate(resolve))
  t.equal(isClosed, false, 'it waits for what is under way')
  provider.answer = LIVE
  letGo()
  await Promise.all([asking, closing])
  const { asked } = provider
  watch.hint(hint('published'))
  await watch.refresh()
  await state.channels.publish('ivs:publisher', { ...LIVE, asOf: new Date(Date.now() + 1_000), source: 'poll' })
  await new Promise(resolve => setTimeout(resolve, 30))
  t.equal(provider.asked, asked)
  t.equal(watch.current().isLive, false)
  t.strictSame(changes, [])
})
