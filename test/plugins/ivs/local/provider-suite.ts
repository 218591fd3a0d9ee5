import jwt from 'jsonwebtoken'
import type { Test } from 'tap'
import { LocalProvider } from '../../../../plugins/ivs/local/provider.ts'
import { emptyTables, type Platform } from '../parts.ts'

const SECRET = 'a secret of the tests, of 32 characters or more'
const ARN = /^arn:aws:ivs:eu-west-1:000000000000:stage\/[A-Za-z0-9]{12}$/
const NOWHERE = 'arn:aws:ivs:eu-west-1:000000000000:stage/NobodyIsHere'

/** Stages without AWS. */
export async function localProviderSuite (t: Test, { database }: Platform): Promise<void> {
  const { orm } = database

  const begin = async () => {
    await emptyTables(database)
    let changes = 0
    const open = async () => await LocalProvider.open({ orm, region: 'eu-west-1', whipEndpoint: 'https://whip.example.com', secret: SECRET, masterTags: { ManagedBy: 'api-server' }, onPublisher: async () => { changes++ } })
    const provider = await open()
    const master = (await provider.master())!
    const publish = async (userId: string, lifeSeconds = 3_600) => await provider.issueToken({ stage: master, role: 'publisher', userId, lifeSeconds })
    return { open, provider, master, publish, changes: () => changes }
  }

  await t.test('one master stage, however many servers start at once', async t => {
    const { open, master } = await begin()
    t.match(master, { arn: ARN, name: 'master-stage', tags: { ManagedBy: 'api-server' }, endpoints: { whip: 'https://whip.example.com' } })
    t.equal(master.activeSessionId, undefined)
    await emptyTables(database)
    const servers = await Promise.all(Array.from({ length: 10 }, open))
    const masters = await Promise.all(servers.map(async server => (await server.master())!.arn))
    t.equal(new Set(masters).size, 1)
    t.same(await servers[0]!.list(), [], 'it is not among the others')
    t.match(servers[0], { kind: 'local', region: 'eu-west-1', maxReplicas: Infinity })
    t.equal(await servers[0]!.connectedViewers(), undefined)
  })

  await t.test('stages are made, found and deleted', async t => {
    const { provider } = await begin()
    const [one, two] = [await provider.create({ name: 'same', tags: { a: '1' } }), await provider.create({ name: 'same', tags: {} })]
    t.match(one, { arn: ARN, name: 'same', tags: { a: '1' } })
    t.not(one.arn, two.arn)
    t.ok(Math.abs(one.createdAt.getTime() - Date.now()) < 10_000)
    t.strictSame(new Set((await provider.list()).map(({ arn }) => arn)), new Set([one.arn, two.arn]))
    t.strictSame(await provider.get(one.arn), one)
    await provider.delete(one.arn)
    await provider.delete(one.arn)
    t.equal(await provider.get(one.arn), undefined)
    t.strictSame(await provider.list(), [two])
  })

  await t.test('tokens have the claims of those that AWS reads', async t => {
    const { provider, master } = await begin()
    const attributes = { name: '觀眾' }
    const before = Math.floor(Date.now() / 1_000)
    const roles = { publisher: { allow_publish: true }, viewer: { allow_subscribe: true }, mediaserver: { allow_publish: true, allow_subscribe: true } } as const
    for (const role of ['publisher', 'viewer', 'mediaserver'] as const) {
      const { token, participantId, expiresAt } = await provider.issueToken({ stage: master, role, userId: 'somebody', lifeSeconds: 600, attributes })
      t.ok(token.startsWith('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.'), 'the header is the documented one')
      const claims = jwt.verify(token, SECRET, { algorithms: ['HS256'] }) as jwt.JwtPayload
      const { iat, exp, ...others } = claims
      t.strictSame(others, { jti: participantId, user_id: 'somebody', resource: master.arn, topic: master.arn.slice(-12), whip_url: 'https://whip.example.com', capabilities: roles[role], attributes, version: '1.0' })
      t.ok(iat! >= before && exp! - iat! === 600)
      t.equal(expiresAt.getTime(), exp! * 1_000)
      t.match(participantId, /^[A-Za-z0-9]{12}$/)
    }
  })

  await t.test('a token for a stage that is not there', async t => {
    const { provider } = await begin()
    for (const role of ['publisher', 'mediaserver'] as const) await t.rejects(provider.issueToken({ stage: { arn: NOWHERE, endpoints: {} }, role, userId: 'a', lifeSeconds: 60 }), { code: 'NOT_FOUND' })
  })

  await t.test('on air: from the token until it expires, or its user leaves', async t => {
    const { provider, master, publish, changes, open } = await begin()
    t.match(await provider.publisher(master.arn), { isLive: false, source: 'poll' })
    const first = await publish('ann')
    t.equal(changes(), 1)
    const live = await provider.publisher(master.arn)
    t.match(live, { isLive: true, participantId: first.participantId, sessionId: /^st-[A-Za-z0-9]{13}$/ })
    t.match(await (await open()).publisher(master.arn), { isLive: true, participantId: first.participantId }, 'other servers know')
    t.equal((await provider.master())!.activeSessionId, live.sessionId)
    await provider.left(master.arn, 'somebody else')
    await provider.left(NOWHERE, 'ann')
    t.equal(changes(), 1, 'whoever else leaves changes nothing')

    const again = await publish('ann')
    t.not(again.participantId, first.participantId)
    t.match(await provider.publisher(master.arn), { participantId: again.participantId, sessionId: live.sessionId }, 'comes back as another participant of the same session')
    const second = await publish('bob')
    t.match(await provider.publisher(master.arn), { participantId: second.participantId }, 'of several the last')
    await provider.left(master.arn, 'bob')
    t.match(await provider.publisher(master.arn), { participantId: again.participantId })
    await provider.left(master.arn, 'ann')
    t.match(await provider.publisher(master.arn), { isLive: false, participantId: undefined, sessionId: undefined })
    t.equal(changes(), 5)
    await publish('ann')
    t.not((await provider.publisher(master.arn)).sessionId, live.sessionId, 'another session')

    await provider.left(master.arn, 'ann')
    await publish('late', 0)
    t.match(await provider.publisher(master.arn), { isLive: false }, 'one that has expired')
  })

  await t.test('media: copied while somebody is on air, relayed while a media server may', async t => {
    const { provider, master, publish } = await begin()
    const [copied, relayed, dark] = await Promise.all(['copied', 'relayed', 'dark'].map(async name => await provider.create({ name, tags: {} })))
    const pathsOf = async (participantId: string) => {
      const paths = await provider.mediaPaths(master.arn, [copied!.arn, master.arn, relayed!.arn, dark!.arn, NOWHERE], participantId)
      t.equal(paths.size, 5)
      return [master, copied!, relayed!, dark!, { arn: NOWHERE }].map(({ arn }) => paths.get(arn))
    }
    await t.rejects(provider.startReplication(master.arn, copied!.arn, 'nobody'), { code: 'STAGES_UNAVAILABLE' })
    const { participantId } = await publish('ann')
    t.same(await pathsOf(participantId), ['source', 'none', 'none', 'none', 'none'])
    await provider.startReplication(master.arn, copied!.arn, participantId)
    await provider.startReplication(master.arn, copied!.arn, participantId)
    await t.rejects(provider.startReplication(master.arn, NOWHERE, participantId), { code: 'NOT_FOUND' })
    await provider.issueToken({ stage: relayed!, role: 'mediaserver', userId: 'relay', lifeSeconds: 600 })
    await provider.issueToken({ stage: relayed!, role: 'mediaserver', userId: 'relay', lifeSeconds: 0 })
    await provider.issueToken({ stage: dark!, role: 'mediaserver', userId: 'relay', lifeSeconds: 0 })
    t.same(await pathsOf(participantId), ['source', 'replica', 'relay', 'none', 'none'], 'the token that is good for longest counts')
    await provider.stopReplication(master.arn, copied!.arn, 'another')
    t.same((await pathsOf(participantId))[1], 'replica')
    await provider.stopReplication(master.arn, copied!.arn, participantId)
    await provider.stopReplication(master.arn, copied!.arn, participantId)
    t.same((await pathsOf(participantId))[1], 'none')

    await provider.startReplication(master.arn, copied!.arn, participantId)
    const { participantId: next } = await publish('ann')
    t.same((await pathsOf(next))[1], 'none', 'it was another participant that was copied')
    await provider.startReplication(master.arn, copied!.arn, next)
    t.same((await pathsOf(next))[1], 'replica')
    await provider.left(master.arn, 'ann')
    t.same(await pathsOf(next), ['source', 'none', 'none', 'none', 'none'])
  })
}
