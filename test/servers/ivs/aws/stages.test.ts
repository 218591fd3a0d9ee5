import t from 'tap'
import { opened } from './opened.ts'

const ARN = /^arn:aws:ivs:eu-central-1:123456789012:stage\/[A-Za-z0-9]+$/

t.test('the master stage, with its addresses and whether somebody is on it', async t => {
  const { provider, master, join } = await opened(t)
  t.match(provider, { kind: 'aws', region: 'eu-central-1', maxReplicas: 5 })
  const quiet = await provider.master()
  t.match(quiet, { arn: master, name: 'master-stage', tags: { Environment: 'production', Installation: 'headwater' }, endpoints: { events: /^wss:/, whip: /^http:/, rtmp: /^rtmp:/, rtmps: /^rtmps:/ } })
  t.notOk('activeSessionId' in quiet!)
  await join('viewer', 'ann')
  t.match((await provider.master())?.activeSessionId, /^st-[A-Za-z0-9]{13}$/)
})

t.test('a master stage that does not exist is none', async t => {
  const { provider, ivs, master } = await opened(t)
  await provider.delete(master)
  t.equal(await provider.master(), undefined)
  t.equal(ivs.stage(master), undefined)
})

t.test('a stage is made with tags of the caller and of ours, which win, and found by them', async t => {
  const { provider, ivs } = await opened(t, { installation: 'shop' })
  const before = Date.now()
  const stage = await provider.create({ name: 'autoscale-stage-1', tags: { ManagedBy: 'auto-scaler', Installation: 'theirs' } })
  t.match(stage, { arn: ARN, name: 'autoscale-stage-1', tags: { ManagedBy: 'auto-scaler', Installation: 'shop', CreatedAt: stage.createdAt.toISOString() }, endpoints: { events: /^wss:/ } })
  t.ok(stage.createdAt.getTime() >= before && stage.createdAt.getTime() <= Date.now())
  t.strictSame(ivs.stage(stage.arn)?.tags, stage.tags)
  t.strictSame(await provider.list(), [stage])
  t.strictSame(await provider.get(stage.arn), stage)
})

t.test('of all pages of the account only what is of this installation is listed, without the master', async t => {
  const { provider, ivs, master } = await opened(t)
  const { tags } = await provider.create({ name: 'first', tags: {} })
  await t.resolves(provider.create({ name: 'second', tags: {} }))
  for (let i = 0; i < 117; i++) ivs.createStage(`other-${i}`, i % 2 === 0 ? {} : { Installation: 'another' })
  ivs.createStage('last', { ...tags })
  t.equal(ivs.stageArns.length, 121)
  t.ok(ivs.stageArns.includes(master))
  t.strictSame((await provider.list()).map(({ name }) => name), ['first', 'second', 'last'])
  t.equal(ivs.asked('ListStages'), 2)
})

t.test('120 stages of ours are all listed', async t => {
  const { provider, ivs } = await opened(t)
  for (let i = 0; i < 120; i++) ivs.createStage(`stage-${i}`, { Installation: 'headwater' })
  t.strictSame((await provider.list()).map(({ name }) => name), Array.from({ length: 120 }, (_, i) => `stage-${i}`))
})

t.test('where tags do not say when a stage was made, it is when it was first seen, and stays so', async t => {
  const { provider, ivs } = await opened(t)
  ivs.createStage('adopted', { Installation: 'headwater', CreatedAt: 'once upon a time' })
  const [first] = await provider.list()
  const [second] = await provider.list()
  t.ok(Math.abs(first!.createdAt.getTime() - Date.now()) < 60_000)
  t.strictSame(second?.createdAt, first?.createdAt)
})

t.test('deleting throws everybody out; what is gone is deleted', async t => {
  const { provider, ivs, join } = await opened(t)
  const { arn } = await provider.create({ name: 'short', tags: {} })
  const viewer = await join('viewer', 'ann', arn)
  t.equal(viewer.isConnected, true)
  await provider.delete(arn)
  t.equal(viewer.isConnected, false)
  t.equal(ivs.stage(arn), undefined)
  await t.resolves(provider.delete(arn))
  t.equal(await provider.get(arn), undefined)
  t.strictSame(await provider.list(), [])
})

t.test('what is of another account, another region or no ARN at all is not there, and AWS is not asked', async t => {
  const { provider, ivs, master } = await opened(t)
  for (const arn of ['', 'nonsense', master.replace('eu-central-1', 'us-east-1'), master.replace('123456789012', '999999999999'), `${master}/more`, master.replace('stage/', 'channel/')]) {
    t.equal(await provider.get(arn), undefined, arn)
    await t.resolves(provider.delete(arn))
    await t.rejects(provider.issueToken({ stage: { arn, endpoints: {} }, role: 'viewer', userId: 'ann', lifeSeconds: 60 }), { code: 'NOT_FOUND' })
  }
  t.equal(ivs.asked(), 0)
})

t.test('people who are connected: no copies, no media servers, nobody who publishes', async t => {
  const { provider, master, join } = await opened(t)
  const { arn } = await provider.create({ name: 'other', tags: {} })
  t.equal(await provider.connectedViewers(arn), 0)
  const publisher = await join('publisher', 'bob')
  publisher.publish()
  await provider.startReplication(master, arn, publisher.participantId)
  await join('mediaserver', '1', arn)
  const viewers = []
  for (let i = 0; i < 103; i++) viewers.push(await join('viewer', `viewer-${i}`, arn))
  t.equal(await provider.connectedViewers(arn), 103)
  viewers[0]?.leave()
  t.equal(await provider.connectedViewers(arn), 102)
  await join('viewer', 'ann')
  t.equal(await provider.connectedViewers(master), 1)
  await provider.delete(arn)
  await t.rejects(provider.connectedViewers(arn), { code: 'NOT_FOUND' })
  await t.resolves(provider.left(arn, 'ann'), 'AWS sees by itself who is there')
})
