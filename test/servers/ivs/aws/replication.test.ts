import t, { type Test } from 'tap'
import type { Client } from '../../../stand-ins/ivs/stand-in.ts'
import { opened, type Opened } from './opened.ts'

interface OnAir extends Opened {
  publisher: Client
  /** ARNs of stages besides the master. */
  stages: string[]
}

async function onAir (t: Test, stages: number, settings = {}): Promise<OnAir> {
  const at = await opened(t, settings)
  const arns = []
  for (let i = 0; i < stages; i++) arns.push((await at.provider.create({ name: `stage-${i}`, tags: {} })).arn)
  const publisher = await at.join('publisher', 'bob')
  publisher.publish()
  return { ...at, publisher, stages: arns }
}

t.test('a copy begins, and once more changes nothing', async t => {
  const { ivs, provider, master, publisher, stages: [stage] } = await onAir(t, 1)
  await provider.startReplication(master, stage!, publisher.participantId)
  await t.resolves(provider.startReplication(master, stage!, publisher.participantId))
  t.strictSame(ivs.replicas(master, publisher.participantId), [stage])
  await provider.stopReplication(master, stage!, publisher.participantId)
  t.strictSame(ivs.replicas(master, publisher.participantId), [])
  await t.resolves(provider.stopReplication(master, stage!, publisher.participantId), 'nor does a stop of what has stopped')
})

t.test('at most five', async t => {
  const { provider, master, publisher, stages } = await onAir(t, 6)
  for (const stage of stages.slice(0, 5)) await provider.startReplication(master, stage, publisher.participantId)
  await t.rejects(provider.startReplication(master, stages[5]!, publisher.participantId), { code: 'REPLICATION_LIMIT_REACHED', statusCode: 503 })
  await provider.stopReplication(master, stages[0]!, publisher.participantId)
  await t.resolves(provider.startReplication(master, stages[5]!, publisher.participantId))
})

t.test('only of somebody who publishes: a later try may mend it', async t => {
  const { provider, master, publisher, stages: [stage] } = await onAir(t, 1)
  publisher.unpublish()
  await t.rejects(provider.startReplication(master, stage!, publisher.participantId), { code: 'STAGES_UNAVAILABLE' })
  await t.rejects(provider.startReplication(master, stage!, 'nobody'), { code: 'NOT_FOUND' })
  await provider.delete(stage!)
  publisher.publish()
  await t.rejects(provider.startReplication(master, stage!, publisher.participantId), { code: 'NOT_FOUND' })
})

t.test('a conflict with something else is none that can be left alone', async t => {
  const { ivs, provider, master, publisher, stages: [stage] } = await onAir(t, 1)
  ivs.faults.add('StartParticipantReplication', { kind: 'status', status: 409 }, 1)
  await t.rejects(provider.startReplication(master, stage!, publisher.participantId), { code: 'STAGES_UNAVAILABLE' })
  ivs.faults.add('StartParticipantReplication', { kind: 'lose-answer' }, 1)
  await t.resolves(provider.startReplication(master, stage!, publisher.participantId), 'one that began although the answer was lost is')
})

t.test('it goes on for as long as the publisher may be away', async t => {
  const { ivs, provider, master, publisher, stages: [stage] } = await onAir(t, 1, { reconnectWindowSeconds: 20 })
  await provider.startReplication(master, stage!, publisher.participantId)
  publisher.unpublish()
  ivs.advance(19_000)
  publisher.publish()
  ivs.advance(60_000)
  t.strictSame(ivs.replicas(master, publisher.participantId), [stage])
  publisher.unpublish()
  ivs.advance(21_000)
  t.strictSame(ivs.replicas(master, publisher.participantId), [])
  t.equal((await provider.mediaPaths(master, [stage!], publisher.participantId)).get(stage!), 'none')
})

t.test('how the media gets to each stage', async t => {
  const { ivs, provider, master, publisher, join, stages } = await onAir(t, 5)
  const [copied, relayed, silent, left, gone] = stages as [string, string, string, string, string]
  await provider.startReplication(master, copied, publisher.participantId)
  const relay = await join('mediaserver', 'relay-1', relayed)
  relay.publish()
  await join('mediaserver', 'relay-2', silent)
  const third = await join('mediaserver', 'relay-3', left)
  third.publish()
  await join('viewer', 'ann', left)
  third.leave()
  await provider.delete(gone)
  const paths = async () => Object.fromEntries(await provider.mediaPaths(master, [master, ...stages], publisher.participantId))
  t.strictSame(await paths(), { [master]: 'source', [copied]: 'replica', [relayed]: 'relay', [silent]: 'none', [left]: 'none', [gone]: 'none' })
  relay.unpublish()
  await provider.stopReplication(master, copied, publisher.participantId)
  const people = await join('publisher', 'eve', silent)
  people.publish()
  t.strictSame(await paths(), { [master]: 'source', [copied]: 'none', [relayed]: 'none', [silent]: 'none', [left]: 'none', [gone]: 'none' }, 'what others publish there is not it')
  t.equal(ivs.replicas(master, publisher.participantId).length, 0)
})

t.test('copies of another publication are none of this one', async t => {
  const { provider, master, publisher, join, stages: [stage] } = await onAir(t, 1)
  await provider.startReplication(master, stage!, publisher.participantId)
  const second = await join('publisher', 'bob')
  second.publish()
  t.equal((await provider.mediaPaths(master, [stage!], second.participantId)).get(stage!), 'none')
  await provider.startReplication(master, stage!, second.participantId)
  t.equal((await provider.mediaPaths(master, [stage!], second.participantId)).get(stage!), 'replica')
})

t.test('20 stages take one request while all have copies or nobody is on them, and two otherwise', async t => {
  const { ivs, provider, master, publisher, stages, join } = await onAir(t, 19)
  for (const stage of stages.slice(0, 5)) await provider.startReplication(master, stage, publisher.participantId)
  let before = ivs.asked()
  await provider.mediaPaths(master, [master, ...stages.slice(0, 5)], publisher.participantId)
  t.equal(ivs.asked() - before, 1)
  before = ivs.asked()
  await provider.mediaPaths(master, [master, ...stages], publisher.participantId)
  t.equal(ivs.asked() - before, 2)
  for (const stage of stages.slice(5)) (await join('mediaserver', stage.slice(-12), stage)).publish()
  before = ivs.asked()
  const paths = await provider.mediaPaths(master, [master, ...stages], publisher.participantId)
  t.equal([...paths.values()].filter(path => path === 'relay').length, 14)
  t.equal(ivs.asked() - before, 2 + 2 * 14)
})

t.test('relays on many stages are looked for so that none is refused its turn', async t => {
  const { ivs, master, publisher, stages, join } = await onAir(t, 19)
  for (const stage of stages) (await join('mediaserver', stage.slice(-12), stage)).publish()
  // All at once would wait up to 900 ms.
  const { provider } = await opened(t, { requestsPerSecond: 10, requestQueueMs: 450, masterStageArn: master }, ivs)
  const paths = await provider.mediaPaths(master, stages, publisher.participantId)
  t.equal([...paths.values()].filter(path => path === 'relay').length, 19)
})
