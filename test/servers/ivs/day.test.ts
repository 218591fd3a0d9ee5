import t, { type Test } from 'tap'
import { Day, type DayOptions } from '../../fixtures/ivs-day/day.ts'
import { awsSettings, startStageServers } from '../../fixtures/ivs-day/servers.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'
import { IvsStandIn } from '../../stand-ins/ivs/stand-in.ts'

const MAX_PARTICIPANTS = 50
const MAX_STAGES = 20
/** More than six stages take, and fewer than twenty. */
const SPIKE = Number(process.env['HEADWATER_DAY_VIEWERS'] ?? 900)
/** As long as something may take that has no time of its own, on a busy machine. */
const PATIENCE_MS = 200_000
/** Without a relay: what is published gets to the master and five copies of it. */
const SEATS_OF_SIX = MAX_PARTICIPANTS - 1 + 5 * MAX_PARTICIPANTS

function beginDay (t: Test, options: Omit<DayOptions, 'maxStages' | 'maxParticipants'>): Day {
  const day = new Day({ maxStages: MAX_STAGES, maxParticipants: MAX_PARTICIPANTS, ...options })
  t.teardown(async () => { await day.close() })
  return day
}

async function morning (day: Day): Promise<void> {
  await day.clock.standUntil('the servers say that somebody publishes', async () => {
    if (day.broadcaster.liveSince === undefined) await day.onAir()
    return day.said.last.isPublisherLive
  }, PATIENCE_MS)
  await day.audienceBy(9, 120)
  await day.clock.standUntil('everybody has a seat in the morning', () => day.audience.without.length === 0, PATIENCE_MS)
}

async function publisherDropsAndComesBack (day: Day, events?: IvsStandIn['events']): Promise<void> {
  events?.lose(1)
  await day.offAir()
  await day.clock.reach(9.5)
  events?.hold()
  await day.onAir()
  await day.clock.standUntil('what is published now gets to all stages', async () => (
    day.awsRules?.mediaIsEverywhere !== false && (await day.said.all()).every(({ stages, isPublisherLive }) => isPublisherLive && stages.every(({ mediaPath }) => mediaPath !== 'none'))
  ), PATIENCE_MS)
  await day.clock.reach(11)
  events?.release('reversed')
}

/** AWS is throttled, then fails, then its answers are lost; the server that scales is killed while a stage is being made. */
async function troubleAtAws (day: Day, standIn: IvsStandIn): Promise<void> {
  const { faults } = standIn
  await day.clock.reach(11.1)
  day.diary.note('AWS throttles')
  const throttles = faults.add('*', { kind: 'throttle' })
  await day.clock.reach(11.6)
  throttles()
  day.diary.note('AWS answers 500')
  const fails = faults.add('*', { kind: 'status', status: 500 })
  await day.clock.reach(12.1)
  fails()
  day.awsRules!.answersSince = performance.now()
  day.diary.note('answers of AWS are lost')
  faults.add('CreateStage', { kind: 'lose-answer' }, 1)
  faults.add('StartParticipantReplication', { kind: 'lose-answer' }, 2)
  let isKilled = false
  const unwatch = standIn.watch(operation => {
    if (operation !== 'CreateStage' || isKilled) return
    isKilled = true
    day.killWhoScales()
  })
  await day.clock.standUntil('a stage is made', () => isKilled, PATIENCE_MS)
  unwatch()
}

async function eveningAndNight (day: Day): Promise<void> {
  await day.clock.reach(15)
  await day.audienceBy(17, 20)
  await day.clock.reach(18)
  await day.audienceBy(20, 60)
  await day.clock.reach(22)
  await day.audienceBy(23, 0)
  await day.clock.standUntil('only the master is left', async () => (await day.said.all()).every(({ stages }) => stages.length === 1), PATIENCE_MS)
}

function nothingIsLeft (t: Test, day: Day, standIn: IvsStandIn, master: string): void {
  t.strictSame(standIn.stageArns, [master], 'at AWS there is only the master')
  t.strictSame(standIn.replicas(master, day.broadcaster.participantId), [], 'and nothing is copied')
}

t.test('a day at AWS without a relay, on one server with a memory of its own: six stages at most', async t => {
  const standIn = await IvsStandIn.start(t)
  const master = standIn.createStage('master-stage')
  const servers = await startStageServers(t, 1, awsSettings(standIn, master))
  const day = beginDay(t, { servers, forgets: true, aws: { standIn, master } })
  await day.live(t, async () => {
    await morning(day)
    await publisherDropsAndComesBack(day, standIn.events)
    await Promise.all([day.audienceBy(12, SPIKE), troubleAtAws(day, standIn)])
    await day.clock.standDuring(() => day.restarted())
    await day.clock.standUntil('all seats of six stages are taken', () => day.audience.watching >= SEATS_OF_SIX, PATIENCE_MS)
    await day.clock.standUntil('operators are told why there are no more', () => day.diary.toldLast.some(({ action, reason }) => action === 'hold' && /A publisher can be copied to 5 stages/.test(reason)), PATIENCE_MS)
    await day.clock.reach(14)
    t.ok((day.diary.refusals.get('STAGE_FULL') ?? 0) > 0)
    await eveningAndNight(day)
    nothingIsLeft(t, day, standIn, master)
    t.equal(day.awsRules!.most, 6)
  })
})

t.test('a day at AWS with a relay, on two servers with Redis and PostgreSQL: a seat for everybody', async t => {
  const standIn = await IvsStandIn.start(t)
  const master = standIn.createStage('master-stage')
  const [redis, postgresql] = await Promise.all([RedisServer.start(t), startPostgresql(t)])
  const servers = await startStageServers(t, 2, { ...awsSettings(standIn, master), IVS_RELAY: 'external', REDIS_URL: redis.url, DATABASE_URL: postgresql.url })
  const day = beginDay(t, { servers, forgets: false, aws: { standIn, master }, hasRelay: true })
  await day.live(t, async () => {
    await morning(day)
    await publisherDropsAndComesBack(day, standIn.events)
    await Promise.all([day.audienceBy(12, SPIKE), troubleAtAws(day, standIn)])
    await day.clock.standDuring(() => day.restarted())
    await day.clock.standUntil('everybody has a seat', () => day.audience.without.length === 0, PATIENCE_MS)
    await day.clock.reach(14)
    await eveningAndNight(day)
    nothingIsLeft(t, day, standIn, master)
  })
})

t.test('a day without AWS, on two servers with Redis and PostgreSQL', async t => {
  const [redis, postgresql] = await Promise.all([RedisServer.start(t), startPostgresql(t)])
  const servers = await startStageServers(t, 2, { REDIS_URL: redis.url, DATABASE_URL: postgresql.url })
  const day = beginDay(t, { servers, forgets: false })
  await day.live(t, async () => {
    await morning(day)
    await publisherDropsAndComesBack(day)
    const growing = day.audienceBy(12, SPIKE)
    await day.clock.reach(11.4)
    day.killWhoScales()
    await growing
    await day.clock.standDuring(() => day.restarted())
    await day.clock.standUntil('everybody has a seat', () => day.audience.without.length === 0, PATIENCE_MS)
    await day.clock.reach(14)
    await eveningAndNight(day)
  })
})
