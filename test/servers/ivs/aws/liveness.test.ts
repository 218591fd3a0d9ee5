import t, { type Test } from 'tap'
import { opened, type Opened } from './opened.ts'

async function isLive ({ provider, master }: Opened): Promise<boolean> {
  return (await provider.publisher(master)).isLive
}

/** What one who does not look closely takes for live: somebody has published in the session, and the session goes on. */
async function published (t: Test): Promise<Opened> {
  const at = await opened(t)
  await at.join('viewer', 'ann')
  return at
}

t.test('nobody, before anybody joins', async t => {
  t.equal(await isLive(await opened(t)), false)
})

t.test('a token was issued, and that is all', async t => {
  const at = await opened(t)
  await at.provider.issueToken({ stage: { arn: at.master, endpoints: {} }, role: 'publisher', userId: 'bob', lifeSeconds: 3_600 })
  t.equal(await isLive(at), false)
})

t.test('connected, and not publishing yet', async t => {
  const at = await opened(t)
  await at.join('publisher', 'bob')
  t.equal(await isLive(at), false)
})

t.test('live, as whom and in which session', async t => {
  const at = await published(t)
  const publisher = await at.join('publisher', 'bob')
  publisher.publish()
  const { activeSessionId } = (await at.provider.master())!
  const before = Date.now()
  const state = await at.provider.publisher(at.master)
  t.match(state, { isLive: true, participantId: publisher.participantId, sessionId: activeSessionId, source: 'poll' })
  t.ok(state.asOf.getTime() >= before && state.asOf.getTime() <= Date.now())
})

t.test('has stopped, and is still connected: `published` is true', async t => {
  const at = await published(t)
  const publisher = await at.join('publisher', 'bob')
  publisher.publish()
  publisher.unpublish()
  t.equal(await isLive(at), false)
  publisher.publish()
  t.equal(await isLive(at), true, 'and goes on')
})

t.test('has left, and viewers are still there: `published` is true', async t => {
  const at = await published(t)
  const publisher = await at.join('publisher', 'bob')
  publisher.publish()
  publisher.leave()
  t.match(await at.provider.publisher(at.master), { isLive: false, participantId: undefined, sessionId: undefined })
})

t.test('has left and came back with the same token, and does not publish', async t => {
  const at = await published(t)
  const { token } = await at.provider.issueToken({ stage: { arn: at.master, endpoints: {} }, role: 'publisher', userId: 'bob', lifeSeconds: 3_600 })
  const first = at.ivs.join(token)
  first.publish()
  first.leave()
  const second = at.ivs.join(token)
  t.equal(second.participantId, first.participantId)
  t.equal(await isLive(at), false)
  second.publish()
  t.equal(await isLive(at), true)
})

t.test('comes back as another participant, before AWS has noticed that the first is gone', async t => {
  const at = await published(t)
  const first = await at.join('publisher', 'bob')
  first.publish()
  at.ivs.advance(1_000)
  const second = await at.join('publisher', 'bob')
  t.match(await at.provider.publisher(at.master), { isLive: true, participantId: first.participantId })
  second.publish()
  t.match(await at.provider.publisher(at.master), { isLive: true, participantId: second.participantId })
  first.leave()
  t.match(await at.provider.publisher(at.master), { isLive: true, participantId: second.participantId })
  second.leave()
  t.equal(await isLive(at), false)
})

t.test('in a new session what was in the last one is over', async t => {
  const at = await opened(t)
  const first = await at.join('publisher', 'bob')
  first.publish()
  first.leave()
  t.equal(await isLive(at), false)
  await at.join('publisher', 'bob')
  t.equal(await isLive(at), false)
})

t.test('a media server is nobody, and neither is a copy of somebody on another stage', async t => {
  const at = await opened(t)
  const other = await at.provider.create({ name: 'other', tags: {} })
  const relay = await at.join('mediaserver', '1')
  t.equal(relay.userId, 'mediaserver-1')
  relay.publish()
  t.equal(await isLive(at), false)
  const elsewhere = await at.join('publisher', 'eve', other.arn)
  elsewhere.publish()
  await at.provider.startReplication(other.arn, at.master, elsewhere.participantId)
  t.equal(await isLive(at), false)
})

t.test('one who tried, and was not let', async t => {
  const at = await opened(t)
  const viewer = await at.join('viewer', 'ann')
  t.throws(() => viewer.publish(), { message: 'INSUFFICIENT_CAPABILITIES' })
  t.equal(await isLive(at), false)
})

t.test('with thousands of viewers it takes three requests', async t => {
  const at = await opened(t)
  for (let i = 0; i < 250; i++) await at.join('viewer', `viewer-${i}`)
  const publisher = await at.join('publisher', 'bob')
  publisher.publish()
  const before = at.ivs.asked()
  t.equal(await isLive(at), true)
  t.equal(at.ivs.asked() - before, 3)
})

t.test('more events than a page has', async t => {
  const at = await opened(t)
  const publisher = await at.join('publisher', 'bob')
  for (let i = 0; i < 120; i++) {
    publisher.publish()
    publisher.unpublish()
  }
  t.equal(await isLive(at), false)
  publisher.publish()
  t.equal(await isLive(at), true)
})

t.test('without a master stage nobody is live', async t => {
  const at = await opened(t)
  await at.provider.delete(at.master)
  t.equal(await isLive(at), false)
})
