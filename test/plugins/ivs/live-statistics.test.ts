import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Operations, ServerMessage } from '../../../plugins/ivs/live-messages.ts'
import { LiveStatistics, type Follower } from '../../../plugins/ivs/live-statistics.ts'
import { ScriptedStages, stage } from '../../fixtures/scripted-stages.ts'
import { Told } from '../../fixtures/told.ts'

function scripted (t: Test, settings = {}) {
  mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
  const ivs = new ScriptedStages(settings)
  const log = new Told()
  const statistics = new LiveStatistics(ivs, log)
  t.teardown(() => {
    statistics.close()
    mock.timers.reset()
  })
  return { ivs, log, statistics }
}

/** One who follows, and all that it got. */
function follower () {
  const got: Buffer[] = []
  const one: Follower = { take: message => { got.push(message) } }
  return { one, got, data: () => got.map(message => (JSON.parse(message.toString()) as Exclude<ServerMessage, { type: 'error' }>).data) }
}

/** What was begun has come to its end. */
const settled = async () => await new Promise(setImmediate)
const tick = async (ms: number) => {
  mock.timers.tick(ms)
  await settled()
}

t.test('the first message comes at once, the others with the ticks, none after the end', async t => {
  const { ivs, statistics } = scripted(t)
  await tick(60_000)
  t.equal(ivs.readings, 0, 'nobody follows, nothing is read')
  const a = follower()
  const end = statistics.follow('stats', a.one)
  await settled()
  t.match(a.data(), [{ totalViewers: 0, activeStages: 1, isPublisherLive: false, timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ }])
  t.strictSame(Object.keys(JSON.parse(a.got[0]!.toString())), ['type', 'data'])
  t.strictSame(Object.keys(a.data()[0]!), ['totalViewers', 'activeStages', 'isPublisherLive', 'timestamp'], 'as the contract has it, nothing else')
  ivs.now.totalViewers = 7
  await tick(4_999)
  t.equal(a.got.length, 1)
  await tick(1)
  t.match(a.data()[1], { totalViewers: 7 })
  end()
  await tick(60_000)
  t.equal(a.got.length, 2)
  t.equal(ivs.readings, 2, 'and nothing is read any more')
  await tick(2_500)
  const b = follower()
  statistics.follow('stats', b.one)
  await tick(4_999)
  t.equal(b.got.length, 1, 'the clock stood still')
  await tick(1)
  t.equal(b.got.length, 2, 'it goes on with the next one who follows')
})

t.test('however many follow: one reading, and the same bytes for all of a channel', async t => {
  const { ivs, statistics } = scripted(t)
  const many = Array.from({ length: 5_000 }, follower)
  for (const { one } of many) statistics.follow('stats', one)
  const operator = follower()
  statistics.follow('operations', operator.one)
  await settled()
  t.ok(ivs.readings <= 2, `${ivs.readings} readings for 5,001 who came at once`)
  const before = ivs.readings
  await tick(5_000)
  t.equal(ivs.readings, before + 1)
  t.equal(new Set(many.map(({ got }) => got.at(-1))).size, 1)
  t.ok(many.every(({ got }) => got.length === 2))
  t.not(operator.got.at(-1), many[0]!.got.at(-1))
})

t.test('who comes while figures are read gets later ones', async t => {
  const { ivs, statistics } = scripted(t)
  let go = () => {}
  ivs.before = async () => await new Promise<void>(resolve => { go = resolve })
  const [a, b, gone] = [follower(), follower(), follower()]
  statistics.follow('stats', a.one)
  const end = statistics.follow('stats', gone.one)
  statistics.follow('stats', b.one)
  end()
  await tick(5_000)
  t.equal(ivs.readings, 1, 'one at a time')
  go()
  await settled()
  t.equal(a.got.length, 1)
  t.equal(b.got.length, 0)
  ivs.now.totalViewers = 3
  go()
  await settled()
  t.match(b.data(), [{ totalViewers: 3 }])
  t.equal(a.got.length, 2, 'the tick that came meanwhile')
  t.equal(gone.got.length, 0)
  t.equal(ivs.readings, 2)
})

t.test('figures that fail are left out, and told once', async t => {
  const { ivs, log, statistics } = scripted(t)
  const a = follower()
  statistics.follow('stats', a.one)
  await settled()
  ivs.before = async () => { throw new Error('no answer') }
  await tick(5_000)
  await tick(5_000)
  t.equal(a.got.length, 1)
  t.match(log.entries, [{ level: 'warn', fields: { err: { message: 'no answer' } } }])
  t.equal(log.entries.length, 1)
  ivs.before = async () => {}
  await tick(5_000)
  t.equal(a.got.length, 2)
  t.match(log.entries[1], { level: 'info', message: /again/ })
})

t.test('what operators are told', async t => {
  const { ivs, statistics } = scripted(t)
  ivs.now.stages.push(stage('autoscale-stage-1', { role: 'auto-scaled', phase: 'starting', viewers: 3 }))
  ivs.publisherState = { isLive: true, participantId: 'p1', asOf: new Date(0), source: 'event' }
  ivs.decided.push({ at: new Date(1), action: 'create', stageName: 'autoscale-stage-1', reason: 'all are full' })
  const a = follower()
  statistics.follow('operations', a.one)
  await settled()
  t.match(a.data()[0], {
    totalViewers: 0,
    activeStages: 2,
    publisher: { isLive: true, participantId: 'p1', asOf: '1970-01-01T00:00:00.000Z', source: 'event' },
    stages: [{ name: 'master-stage', role: 'master', seats: 49, mediaPath: 'source' }, { stageArn: /stage\/autoscale-stage-1$/, phase: 'starting', viewerCount: 3, createdAt: '2025-10-21T08:00:00.000Z' }],
    decisions: [{ at: '1970-01-01T00:00:00.001Z', action: 'create', stageName: 'autoscale-stage-1', reason: 'all are full' }],
    maxStages: 20,
    everySeconds: 5
  })
  ivs.publisherState = { isLive: false, isUnknown: true, asOf: new Date(0), source: 'poll' }
  await tick(5_000)
  t.strictSame((a.data()[1] as Operations).publisher, { isLive: false, isUnknown: true, asOf: '1970-01-01T00:00:00.000Z', source: 'poll' })
})

t.test('operators hear at once of what happens, but not of everything by itself', async t => {
  const { ivs, statistics } = scripted(t, { minPushMs: 300 })
  ivs.changed()
  const [operator, viewer] = [follower(), follower()]
  statistics.follow('operations', operator.one)
  statistics.follow('stats', viewer.one)
  await settled()
  t.equal(operator.got.length, 1)
  ivs.decide({ action: 'create', reason: 'one' })
  await settled()
  t.equal(operator.got.length, 2)
  for (let at = 0; at < 10; at++) ivs.decide({ action: 'hold', reason: `${at}` })
  await tick(299)
  t.equal(operator.got.length, 2)
  await tick(1)
  t.equal(operator.got.length, 3)
  t.match(operator.data()[2], { decisions: [{ reason: '9' }] })
  await tick(300)
  t.equal(operator.got.length, 3, 'nothing happened since')
  ivs.changed()
  await settled()
  t.equal(operator.got.length, 4)
  t.equal(viewer.got.length, 1, 'others wait for the tick')
})

t.test('after the end it is quiet, and listens to nobody', async t => {
  const { ivs, statistics } = scripted(t)
  const a = follower()
  statistics.follow('operations', a.one)
  t.equal(ivs.listeners, 3)
  statistics.close()
  await settled()
  ivs.changed()
  await tick(60_000)
  t.equal(a.got.length, 0)
  t.equal(ivs.listeners, 0)
})
