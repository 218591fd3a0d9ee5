import t, { type Test } from 'tap'
import { openAwsProvider } from '../../../plugins/ivs/aws/provider.ts'
import type { StageProvider } from '../../../plugins/ivs/provider.ts'
import { completeIvsOptions } from '../../../src/config/load.ts'
import { Findings } from '../../fixtures/ivs-day/findings.ts'
import { Rules, RULES } from '../../fixtures/ivs-day/rules.ts'
import { StandInRules } from '../../fixtures/ivs-day/stand-in-rules.ts'
import type { Viewer } from '../../fixtures/ivs-day/viewer.ts'
import { Told } from '../../fixtures/told.ts'
import { IvsStandIn } from '../../stand-ins/ivs/stand-in.ts'

const GRACE_MS = 1_000

interface Case {
  provider: StageProvider
  standIn: IvsStandIn
  master: string
  viewers: Viewer[]
  rules: Rules
  awsRules: StandInRules
  goOnAir: () => Promise<void>
  /** Names of the rules that were broken. */
  broken: () => string[]
}

const viewerOn = (stageArn: string, userId = 'ann') => ({ userId, stageArn, isConnected: true, isAsking: false, heardAt: performance.now() }) as Viewer
const makeStage = async ({ provider }: Case) => await provider.create({ name: 'one', tags: {} })
const issueToken = async ({ provider }: Case, arn: string) => await provider.issueToken({ stage: { arn, endpoints: {} }, role: 'viewer', userId: 'ann', lifeSeconds: 60 })

/** No server: what one may not do is done here. */
async function newCase (t: Test, maxStages = 20): Promise<Case> {
  const standIn = await IvsStandIn.start(t)
  const master = standIn.createStage('master-stage')
  const provider = await openAwsProvider(completeIvsOptions({ ...standIn.settings, masterStageArn: master }), new Told())
  t.teardown(() => provider.close())
  const viewers: Viewer[] = []
  const broadcaster = { liveSince: undefined as number | undefined, participantId: '' }
  const findings = new Findings(() => 'noon')
  const audience = () => viewers
  const awsRules = new StandInRules({ standIn, master, findings, maxStages, audience, broadcaster, relay: undefined, graceMs: GRACE_MS })
  const rules = new Rules({ findings, maxStages, seatsOf: () => 1, timeoutMs: 60_000, isMaster: arn => arn === master, audience })
  const goOnAir = async () => {
    const client = standIn.join((await provider.issueToken({ stage: { arn: master, endpoints: {} }, role: 'publisher', userId: 'bob', lifeSeconds: 60 })).token)
    client.publish()
    // Long enough that everybody knows.
    Object.assign(broadcaster, { liveSince: performance.now() - 2 * GRACE_MS, participantId: client.participantId })
  }
  return { provider, standIn, master, viewers, rules, awsRules, goOnAir, broken: () => findings.wrong.map(line => line.slice(0, line.indexOf(':'))) }
}

t.test('more stages than there may be', async t => {
  const it = await newCase(t, 1)
  it.awsRules.look()
  t.strictSame(it.broken(), [])
  await makeStage(it)
  it.awsRules.look()
  t.strictSame(it.broken(), [RULES.stages])
})

t.test('more viewers than seats', async t => {
  const it = await newCase(t)
  it.viewers.push(viewerOn(it.master))
  it.rules.joins(it.viewers[0]!)
  t.strictSame(it.broken(), [])
  it.viewers.push(viewerOn(it.master, 'eve'))
  it.rules.joins(it.viewers[1]!)
  t.strictSame(it.broken(), [RULES.seats])
})

t.test('a stage that is deleted with somebody on it, who hears of it', async t => {
  const it = await newCase(t)
  const [one, other] = [await makeStage(it), await makeStage(it)]
  await it.provider.delete(one.arn)
  t.strictSame(it.broken(), [])
  it.viewers.push(viewerOn(other.arn))
  await it.provider.delete(other.arn)
  t.strictSame(it.broken(), [RULES.deleted])
  it.rules.isSentAway(it.viewers[0]!)
  t.strictSame(it.broken(), [RULES.deleted])
})

t.test('a token for a stage that is being deleted, and somebody who joins it', async t => {
  const it = await newCase(t)
  const stage = await makeStage(it)
  await issueToken(it, stage.arn)
  it.awsRules.joins(viewerOn(stage.arn))
  t.strictSame(it.broken(), [])
  it.standIn.faults.add('DeleteStage', { kind: 'status', status: 403 }, 1)
  await t.rejects(it.provider.delete(stage.arn))
  await issueToken(it, stage.arn)
  t.strictSame(it.broken(), [RULES.deleting])
})

t.test('a token for a stage without media while somebody publishes', async t => {
  const it = await newCase(t)
  const stage = await makeStage(it)
  await issueToken(it, stage.arn)
  await it.goOnAir()
  await issueToken(it, it.master)
  t.strictSame(it.broken(), [], 'nobody publishes, or it is the master')
  await issueToken(it, stage.arn)
  t.strictSame(it.broken(), [RULES.media])
})

t.test('a viewer who cannot go on', async t => {
  const it = await newCase(t)
  it.rules.complains(viewerOn(it.master), 'cannot go on')
  t.strictSame(it.broken(), [RULES.viewer])
})
