import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'
import t, { type Test } from 'tap'
import { openAwsProvider } from '../../../../plugins/ivs/aws/provider.ts'
import type { TokenRequest } from '../../../../plugins/ivs/provider.ts'
import { completeIvsOptions } from '../../../../src/config/load.ts'
import { Told } from '../../../fixtures/told.ts'
import { IvsStandIn } from '../../../stand-ins/ivs/stand-in.ts'
import { opened, ROLES, type Opened } from './opened.ts'

function keyPair (namedCurve = 'secp384r1'): { privatePem: string, publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { privatePem: privateKey.export({ type: 'sec1', format: 'pem' }) as string, publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string }
}

/** A provider that signs tokens itself. */
async function signing (t: Test, { privatePem, publicPem } = keyPair()): Promise<Opened & { keyArn: string, publicPem: string }> {
  const ivs = await IvsStandIn.start(t)
  const keyArn = ivs.importPublicKey(publicPem)
  return { ...await opened(t, { signingKey: privatePem, signingKeyArn: keyArn }, ivs), keyArn, publicPem }
}

function request (stageArn: string, changes: Partial<TokenRequest> = {}): TokenRequest {
  return { stage: { arn: stageArn, endpoints: {} }, role: 'viewer', userId: 'ann', lifeSeconds: 3_600, ...changes }
}

t.test('from AWS: good for what they are for, and no longer than they were asked for', async t => {
  const { provider, ivs, master } = await opened(t)
  for (const role of ROLES) {
    const { token, participantId, expiresAt } = await provider.issueToken(request(master, { role, userId: 'somebody', attributes: { seat: '7' } }))
    t.ok(Math.abs(expiresAt.getTime() - Date.now() - 3_600_000) < 60_000)
    const client = ivs.join(token)
    t.match(client, { participantId, stageArn: master, userId: role === 'mediaserver' ? 'mediaserver-somebody' : 'somebody' })
    if (role === 'viewer') t.throws(() => client.publish(), { message: 'INSUFFICIENT_CAPABILITIES' })
    else t.doesNotThrow(() => client.publish(), role)
    client.leave()
  }
  const { token } = await provider.issueToken(request(master, { lifeSeconds: 60 }))
  ivs.advance(61_000)
  t.throws(() => ivs.join(token), { name: 'TokenRefused' })
})

t.test('a request that AWS would refuse only later is refused at once', async t => {
  const { provider, ivs, master } = await opened(t)
  const refused: Array<[string, Partial<TokenRequest>]> = [
    ['userId', { userId: 'x'.repeat(129) }],
    ['userId', { role: 'mediaserver', userId: 'x'.repeat(120) }],
    ['userId', { role: 'publisher', userId: 'mediaserver-1' }],
    ['lifeSeconds', { lifeSeconds: 59 }],
    ['lifeSeconds', { lifeSeconds: 1_209_601 }],
    ['lifeSeconds', { lifeSeconds: NaN }],
    ['attributes', { attributes: { key: 'é'.repeat(511) } }]
  ]
  for (const [field, changes] of refused) await t.rejects(provider.issueToken(request(master, changes)), { code: 'INVALID_REQUEST', fields: [{ field }] }, JSON.stringify(changes).slice(0, 60))
  t.equal(ivs.asked(), 0)
})

t.test('signed here: header and claims as AWS documents them, by an independent reader', async t => {
  const { provider, ivs, master, keyArn, publicPem } = await signing(t)
  const before = Math.floor(Date.now() / 1000)
  const { token, participantId, expiresAt } = await provider.issueToken(request(master, { role: 'publisher', userId: 'bob', attributes: { name: 'Bob' } }))
  const { header, payload } = jwt.verify(token, publicPem, { algorithms: ['ES384'], complete: true })
  t.strictSame(header, { alg: 'ES384', typ: 'JWT', kid: keyArn })
  const { endpoints } = (await provider.master())!
  const { iat, exp, ...claims } = payload as jwt.JwtPayload
  t.strictSame(claims, {
    user_id: 'bob',
    resource: master,
    topic: master.split('/')[1],
    events_url: endpoints.events,
    whip_url: endpoints.whip,
    capabilities: { allow_publish: true },
    attributes: { name: 'Bob' },
    version: '1.0',
    jti: participantId
  })
  t.ok(Number.isInteger(iat) && iat! >= before && iat! <= Date.now() / 1000)
  t.equal(exp, iat! + 3_600)
  t.equal(expiresAt.getTime(), exp! * 1000)
  // AWS takes no other characters where it is asked to copy what somebody publishes.
  t.match(participantId, /^[A-Za-z0-9-]{1,64}$/)
  t.equal(Buffer.from(token.split('.')[2]!, 'base64url').length, 96)
  t.equal(ivs.asked('CreateParticipantToken'), 0)
})

t.test('only what is allowed is named', async t => {
  const { provider, master } = await signing(t)
  const allowed = { publisher: { allow_publish: true }, viewer: { allow_subscribe: true }, mediaserver: { allow_publish: true, allow_subscribe: true } }
  for (const role of ROLES) {
    const { token } = await provider.issueToken(request(master, { role }))
    const payload = jwt.decode(token) as jwt.JwtPayload
    t.strictSame(payload['capabilities'], allowed[role])
    t.notOk('attributes' in payload)
  }
})

t.test('clients join with those that are signed here, until they expire', async t => {
  const { provider, ivs, master, join } = await signing(t)
  const publisher = await join('publisher', 'bob')
  publisher.publish()
  t.match(await provider.publisher(master), { isLive: true, participantId: publisher.participantId })
  const viewer = await join('viewer', 'ann')
  t.throws(() => viewer.publish(), { message: 'INSUFFICIENT_CAPABILITIES' })
  const { token } = await provider.issueToken(request(master))
  ivs.advance(3_601_000)
  t.throws(() => ivs.join(token), { message: 'The token has expired' })
})

t.test('addresses are asked for once, also by many at the same time; those that are given are not asked for', async t => {
  const { provider, ivs, master } = await signing(t)
  const { arn, endpoints } = await provider.create({ name: 'known', tags: {} })
  await provider.issueToken(request(arn))
  await provider.issueToken({ ...request(master), stage: { arn: master, endpoints } })
  t.equal(ivs.asked('GetStage'), 0)
  await Promise.all(Array.from({ length: 100 }, (_, i) => provider.issueToken(request(master, { userId: `viewer-${i}` }))))
  await provider.issueToken(request(master))
  t.equal(ivs.asked('GetStage'), 1)
  await t.rejects(provider.issueToken(request(`${master}x`)), { code: 'NOT_FOUND' })
  const late = ivs.createStage('late')
  ivs.faults.add('GetStage', { kind: 'status', status: 403 }, 1)
  await t.rejects(provider.issueToken(request(late)), { code: 'STAGES_UNAVAILABLE' })
  await t.resolves(provider.issueToken(request(late)), 'a question that failed is put again')
})

t.test('a key on a single line, in either form', async t => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  for (const type of ['sec1', 'pkcs8'] as const) {
    const privatePem = (privateKey.export({ type, format: 'pem' }) as string).replaceAll('\n', '\\n')
    const { ivs, join } = await signing(t, { privatePem, publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string })
    t.equal((await join('viewer', 'ann')).isConnected, true)
    await ivs.stop()
  }
})

t.test('a key that does not do is told at the start, in a sentence, and not shown', async t => {
  const ivs = await IvsStandIn.start(t)
  const good = keyPair()
  const signingKeyArn = ivs.importPublicKey(good.publicPem)
  const wrong: Array<[RegExp, string, string]> = [
    [/IVS_SIGNING_KEY must be a private key/, 'secret words', signingKeyArn],
    [/IVS_SIGNING_KEY must be a private key/, good.publicPem, signingKeyArn],
    [/IVS_SIGNING_KEY must be an ECDSA key on P-384 .* is prime256v1/, keyPair('prime256v1').privatePem, signingKeyArn],
    [/IVS_SIGNING_KEY must be an ECDSA key on P-384 .* is ed25519/, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, signingKeyArn],
    [/IVS_SIGNING_KEY is not the private key of arn/, keyPair().privatePem, signingKeyArn],
    [/There is no public key arn:.*import it first/, good.privatePem, `${signingKeyArn}x`],
    [/IVS_SIGNING_KEY_ARN must be the ARN/, good.privatePem, 'arn:aws:iam::1:user/x']
  ]
  const masterStageArn = ivs.createStage('master-stage')
  for (const [sentence, signingKey, arn] of wrong) {
    const error = await openAwsProvider(completeIvsOptions({ ...ivs.settings, masterStageArn, signingKey, signingKeyArn: arn }), new Told()).catch((error: unknown) => error) as Error & { code: string }
    t.equal(error.code, 'CONFIG_INVALID', String(sentence))
    t.match(error.message, sentence)
    t.notMatch(JSON.stringify([error.message, error.stack, error.cause]), /secret words|BEGIN/)
  }
})

t.test('where AWS does not tell about the public key, it is a warning', async t => {
  const ivs = await IvsStandIn.start(t)
  const { privatePem, publicPem } = keyPair()
  const signingKeyArn = ivs.importPublicKey(publicPem)
  ivs.faults.add('GetPublicKey', { kind: 'status', status: 403 })
  const { told, join } = await opened(t, { signingKey: privatePem, signingKeyArn }, ivs)
  t.match(told.all('AWS does not say whether it has the public key that tokens are checked with'), [{ reason: 'GetPublicKey: AccessDeniedException' }])
  t.equal((await join('viewer', 'ann')).isConnected, true)
})

t.test('a region that is not the one of the master stage is told at the start', async t => {
  const ivs = await IvsStandIn.start(t)
  const masterStageArn = ivs.createStage('master-stage')
  await t.rejects(openAwsProvider(completeIvsOptions({ ...ivs.settings, masterStageArn, region: 'us-east-1' }), new Told()), { code: 'CONFIG_INVALID', message: /is in eu-central-1, and AWS_REGION says us-east-1/ })
})

t.test('the public key is derived, not compared as text', async t => {
  const { privatePem } = keyPair()
  const publicPem = createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }) as string
  const { join } = await signing(t, { privatePem, publicPem: `\n${publicPem}\n` })
  t.equal((await join('viewer', 'ann')).isConnected, true)
})
