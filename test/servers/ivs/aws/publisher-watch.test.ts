import t, { type Test } from 'tap'
import { parseStageEvent } from '../../../../plugins/ivs/aws/stage-event.ts'
import { openPublisherWatch, type OpenPublisherWatch } from '../../../../plugins/ivs/publisher-watch.ts'
import type { PublisherState } from '../../../../plugins/ivs/stage.ts'
import { completePlatformOptions } from '../../../../src/config/load.ts'
import { openMemory } from '../../../../src/platform/state/memory.ts'
import { Told } from '../../../fixtures/told.ts'
import { opened, type Opened } from './opened.ts'

interface Watched extends Opened {
  watch: OpenPublisherWatch
  changes: PublisherState[]
}

/** A watch that hears of events as a webhook would. */
async function watched (t: Test): Promise<Watched> {
  const at = await opened(t)
  const state = openMemory(completePlatformOptions({}), new Told())
  const watch = await openPublisherWatch({ provider: at.provider, master: () => at.master, state, livenessSeconds: 100_000, log: at.told })
  t.teardown(async () => {
    await watch.close()
    await state.close()
  })
  const changes: PublisherState[] = []
  watch.onChange(change => { changes.push(change) })
  at.ivs.events.listen(event => {
    const hint = parseStageEvent(JSON.parse(JSON.stringify(event)))
    if (hint !== undefined) watch.hint(hint)
  })
  return { ...at, watch, changes }
}

/** The next change. */
async function changed (watch: OpenPublisherWatch): Promise<PublisherState> {
  return await new Promise(resolve => {
    const end = watch.onChange(state => {
      end()
      resolve(state)
    })
  })
}

t.test('somebody goes on air and off it, and it is known without a poll', async t => {
  const { watch, join } = await watched(t)
  const publisher = await join('publisher', 'bob')
  const live = changed(watch)
  publisher.publish()
  t.match(await live, { isLive: true, participantId: publisher.participantId, source: 'poll' })
  await watch.refresh()
  const over = changed(watch)
  publisher.leave()
  t.match(await over, { isLive: false })
  t.match(await watch.refresh(), { isLive: false, source: 'poll' })
})

t.test('whoever publishes is back as another participant', async t => {
  const { ivs, watch, join } = await watched(t)
  const first = await join('publisher', 'bob')
  first.publish()
  await watch.refresh()
  ivs.advance(1_000)
  const second = await join('publisher', 'bob')
  const back = changed(watch)
  second.publish()
  t.match(await back, { isLive: true, participantId: second.participantId })
  await watch.refresh()
  const { participantId } = watch.current()
  first.leave()
  t.match(watch.current(), { isLive: true, participantId }, 'that the first one has stopped is not that nobody is live')
  t.match(await watch.refresh(), { isLive: true, participantId })
})

t.test('an event that is lost is made up for by the next poll', async t => {
  const { ivs, watch, join } = await watched(t)
  const publisher = await join('publisher', 'bob')
  ivs.events.lose(2)
  publisher.publish()
  t.equal(watch.current().isLive, false)
  t.match(await watch.refresh(), { isLive: true, participantId: publisher.participantId })
  publisher.leave()
  t.equal(watch.current().isLive, true)
  t.match(await watch.refresh(), { isLive: false })
})

t.test('events that come twice, late and in the wrong order end with the truth', async t => {
  const { ivs, watch, join, changes } = await watched(t)
  const publisher = await join('publisher', 'bob')
  ivs.events.repeat(3)
  ivs.events.hold()
  publisher.publish()
  publisher.unpublish()
  publisher.publish()
  t.match(await watch.refresh(), { isLive: true })
  ivs.advance(3_600_000)
  ivs.events.release('reversed')
  t.match(await watch.refresh(), { isLive: true, participantId: publisher.participantId })
  t.equal(changes.length, 1, 'what is an hour old ends nothing')
})

t.test('AWS is away: what was known last stays, and events that end it count', async t => {
  const { ivs, watch, told, join } = await watched(t)
  const publisher = await join('publisher', 'bob')
  publisher.publish()
  t.match(await watch.refresh(), { isLive: true })
  ivs.faults.add('*', { kind: 'status', status: 500 })
  t.match(await watch.refresh(), { isLive: true })
  const over = changed(watch)
  ivs.advance(10)
  publisher.leave()
  t.match(await over, { isLive: false, source: 'event' })
  await watch.refresh()
  t.equal(told.all('it cannot be found out who publishes: what was known last is kept').length, 1)
})
