import {
  CreateParticipantTokenCommand, CreateStageCommand, DeletePublicKeyCommand, DeleteStageCommand, DisconnectParticipantCommand, GetParticipantCommand,
  GetPublicKeyCommand, GetStageCommand, GetStageSessionCommand, ImportPublicKeyCommand, IVSRealTimeClient, ListParticipantEventsCommand,
  ListParticipantReplicasCommand, ListParticipantsCommand, ListPublicKeysCommand, ListStageSessionsCommand, ListStagesCommand, ListTagsForResourceCommand,
  StartParticipantReplicationCommand, StopParticipantReplicationCommand, TagResourceCommand, UntagResourceCommand, UpdateStageCommand,
  type CreateParticipantTokenCommandInput, type IVSRealTimeClientConfig
} from '@aws-sdk/client-ivs-realtime'
import { generateKeyPairSync } from 'node:crypto'
import jwt from 'jsonwebtoken'
import t, { type Test } from 'tap'
import { IvsStandIn, type Client, type StageEvent } from './stand-in.ts'

interface Opened {
  ivs: IvsStandIn
  sdk: IVSRealTimeClient
  arn: string
  /** Somebody with a token of AWS's. */
  join (capabilities: CreateParticipantTokenCommandInput['capabilities'], userId?: string, stageArn?: string): Promise<Client>
}

function client (t: Test, ivs: IvsStandIn, config: IVSRealTimeClientConfig = {}): IVSRealTimeClient {
  const { region, endpoint, accessKeyId, secretAccessKey } = ivs.settings
  const sdk = new IVSRealTimeClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1, ...config })
  t.teardown(() => sdk.destroy())
  return sdk
}

async function opened (t: Test): Promise<Opened> {
  const ivs = await IvsStandIn.start(t)
  const sdk = client(t, ivs)
  const arn = ivs.createStage('stage')
  return {
    ivs,
    sdk,
    arn,
    async join (capabilities, userId = 'somebody', stageArn = arn) {
      const { participantToken } = await sdk.send(new CreateParticipantTokenCommand({ stageArn, userId, capabilities }))
      return ivs.join(participantToken!.token!)
    }
  }
}

const refusal = (name: string, status: number) => ({ name, exceptionMessage: String, $metadata: { httpStatusCode: status } })

t.test('signatures', async t => {
  const ivs = await IvsStandIn.start(t)
  const { accessKeyId, secretAccessKey } = ivs.settings
  const list = async (config: IVSRealTimeClientConfig) => await client(t, ivs, config).send(new ListStagesCommand({}))
  await t.resolves(list({}))
  await t.rejects(list({ credentials: { accessKeyId, secretAccessKey: 'wrong' } }), { name: 'InvalidSignatureException', $metadata: { httpStatusCode: 403 } })
  await t.rejects(list({ credentials: { accessKeyId: 'AKIAWRONG', secretAccessKey } }), { name: 'UnrecognizedClientException', $metadata: { httpStatusCode: 403 } })
  await t.rejects(list({ region: 'us-east-1' }), { name: 'InvalidSignatureException' })
  // Five minutes are allowed; the way there, on a slow machine, takes seconds of them.
  for (const seconds of [360, -360]) await t.rejects(list({ systemClockOffset: seconds * 1000 }), { name: 'InvalidSignatureException' })
  for (const seconds of [240, -240]) await t.resolves(list({ systemClockOffset: seconds * 1000 }))
})

t.test('what was changed on the way is refused, and what was not signed', async t => {
  const { ivs, sdk } = await opened(t)
  let signed: { headers: Record<string, string>, body: string } | undefined
  sdk.middlewareStack.add(next => async args => {
    const { headers, body } = args.request as { headers: Record<string, string>, body: string }
    signed = { headers, body }
    return await next(args)
  }, { step: 'finalizeRequest', priority: 'low' })
  await sdk.send(new CreateStageCommand({ name: 'one' }))
  const ask = async (path: string, body: string, changes: Record<string, string> = {}) => {
    const { host: _host, ...headers } = { ...signed!.headers, ...changes }
    const answer = await fetch(`${ivs.url}${path}`, { method: 'POST', body, headers })
    return `${answer.status} ${answer.headers.get('x-amzn-errortype')?.split(':')[0]}`
  }
  t.equal((await ask('/CreateStage', signed!.body)).slice(0, 3), '200', 'the same once more is as good')
  t.equal(await ask('/CreateStage', '{"name":"two"}'), '403 InvalidSignatureException')
  t.equal(await ask('/ListStages', signed!.body), '403 InvalidSignatureException')
  t.equal(await ask('/CreateStage?x=1', signed!.body), '403 InvalidSignatureException')
  t.equal(await ask('/CreateStage', signed!.body, { 'x-amz-date': '20200101T000000Z' }), '403 InvalidSignatureException')
  t.equal(await ask('/CreateStage', signed!.body, { authorization: 'Bearer token' }), '403 MissingAuthenticationTokenException')
  t.equal(await ask('/CreateStage', signed!.body, { authorization: signed!.headers['authorization']!.replace('host;', '') }), '403 InvalidSignatureException')
  t.equal(await ask('/CreateStage', signed!.body, { authorization: signed!.headers['authorization']!.replace('/ivs/', '/ivsrealtime/') }), '403 InvalidSignatureException')
})

t.test('stages: made, found, listed in pages, renamed, deleted', async t => {
  const { ivs, sdk, arn } = await opened(t)
  const { stage, participantTokens } = await sdk.send(new CreateStageCommand({ name: 'made', tags: { a: '1' }, participantTokenConfigurations: [{ userId: 'ann' }] }))
  t.match(stage, { arn: /^arn:aws:ivs:eu-central-1:\d{12}:stage\/[A-Za-z0-9]{12}$/, name: 'made', tags: { a: '1' }, endpoints: { events: /^wss/ }, activeSessionId: undefined })
  t.match(participantTokens, [{ userId: 'ann', duration: 720, capabilities: ['PUBLISH', 'SUBSCRIBE'] }])
  for (let i = 0; i < 60; i++) ivs.createStage(`stage-${i}`)
  const first = await sdk.send(new ListStagesCommand({}))
  t.equal(first.stages?.length, 50)
  t.notOk('endpoints' in first.stages![0]!)
  const second = await sdk.send(new ListStagesCommand({ nextToken: first.nextToken }))
  t.equal(second.stages?.length, 12)
  t.equal(second.nextToken, undefined)
  for (const wrong of [{ maxResults: 101 }, { maxResults: 0 }, { nextToken: 'nonsense' }]) await t.rejects(sdk.send(new ListStagesCommand(wrong)), refusal('ValidationException', 400))
  t.equal((await sdk.send(new UpdateStageCommand({ arn, name: 'renamed' }))).stage?.name, 'renamed')
  await sdk.send(new DeleteStageCommand({ arn }))
  for (const command of [new GetStageCommand({ arn }), new UpdateStageCommand({ arn })]) await t.rejects(sdk.send(command as GetStageCommand), refusal('ResourceNotFoundException', 404))
  for (const wrong of [{ name: 'no spaces' }, { tags: { 'aws:x': '1' } }]) await t.rejects(sdk.send(new CreateStageCommand(wrong)), refusal('ValidationException', 400))
  ivs.quotas.stages = 62
  await t.resolves(sdk.send(new CreateStageCommand({})))
  await t.rejects(sdk.send(new CreateStageCommand({})), refusal('ServiceQuotaExceededException', 402))
})

t.test('tags and keys', async t => {
  const { sdk, arn } = await opened(t)
  await sdk.send(new TagResourceCommand({ resourceArn: arn, tags: { a: '1', b: '2', c: '3' } }))
  await sdk.send(new UntagResourceCommand({ resourceArn: arn, tagKeys: ['a', 'c'] }))
  t.strictSame((await sdk.send(new ListTagsForResourceCommand({ resourceArn: arn }))).tags, { b: '2' })
  const pem = () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export({ type: 'spki', format: 'pem' }) as string
  const material = pem()
  const { publicKey } = await sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: material, name: 'key' }))
  t.match(publicKey, { arn: /:public-key\//, name: 'key', fingerprint: /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/ })
  t.equal((await sdk.send(new GetPublicKeyCommand({ arn: publicKey!.arn }))).publicKey?.publicKeyMaterial, material)
  await t.rejects(sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: material })), refusal('ConflictException', 409))
  await t.rejects(sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: 'nonsense' })), refusal('ValidationException', 400))
  await sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: pem() }))
  await sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: pem() }))
  await t.rejects(sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: pem() })), refusal('ServiceQuotaExceededException', 402))
  await sdk.send(new DeletePublicKeyCommand({ arn: publicKey!.arn }))
  t.equal((await sdk.send(new ListPublicKeysCommand({}))).publicKeys?.length, 2)
  await t.rejects(sdk.send(new GetPublicKeyCommand({ arn: publicKey!.arn })), refusal('ResourceNotFoundException', 404))
})

t.test('a session begins with the first who joins, and ends with the last who leaves', async t => {
  const { ivs, sdk, arn, join } = await opened(t)
  const active = async () => (await sdk.send(new GetStageCommand({ arn }))).stage?.activeSessionId
  t.equal(await active(), undefined)
  const bob = await join(['PUBLISH'], 'bob')
  const sessionId = await active()
  t.match(sessionId, /^st-[A-Za-z0-9]{13}$/)
  const ann = await join(['SUBSCRIBE'], 'ann')
  bob.publish()
  bob.leave()
  t.equal(await active(), sessionId)
  ann.leave()
  t.equal(await active(), undefined)
  t.match((await sdk.send(new GetStageSessionCommand({ stageArn: arn, sessionId }))).stageSession, { sessionId, startTime: Date, endTime: Date })
  ivs.advance(1_000)
  await join(['PUBLISH'], 'bob')
  t.not(await active(), sessionId)
  const { stageSessions } = await sdk.send(new ListStageSessionsCommand({ stageArn: arn }))
  t.strictSame(stageSessions?.map(session => session.sessionId), [await active(), sessionId])
  const list = async (filter: object) => (await sdk.send(new ListParticipantsCommand({ stageArn: arn, sessionId, ...filter }))).participants?.map(({ userId, published, state }) => `${userId} ${published} ${state}`)
  t.strictSame(await list({}), ['bob true DISCONNECTED', 'ann false DISCONNECTED'], '`published` stays')
  t.strictSame(await list({ filterByPublished: true }), ['bob true DISCONNECTED'])
  t.strictSame(await list({ filterByUserId: 'ann' }), ['ann false DISCONNECTED'])
  t.strictSame(await list({ filterByState: 'CONNECTED' }), [])
  await t.rejects(list({ filterByState: 'CONNECTED', filterByPublished: true }), refusal('ValidationException', 400))
  const { events } = await sdk.send(new ListParticipantEventsCommand({ stageArn: arn, sessionId, participantId: bob.participantId }))
  t.strictSame(events?.map(({ name }) => name), ['LEFT', 'PUBLISH_STOPPED', 'PUBLISH_STARTED', 'JOINED'])
  await t.rejects(sdk.send(new GetParticipantCommand({ stageArn: arn, sessionId, participantId: 'nobody' })), refusal('ResourceNotFoundException', 404))
  await t.rejects(sdk.send(new ListParticipantsCommand({ stageArn: `${arn}x`, sessionId })), refusal('ValidationException', 400))
})

t.test('who is thrown out is out, and a deleted stage has nobody', async t => {
  const { sdk, arn, join } = await opened(t)
  const [bob, ann] = [await join(['PUBLISH'], 'bob'), await join(['SUBSCRIBE'], 'ann')]
  await sdk.send(new DisconnectParticipantCommand({ stageArn: arn, participantId: bob.participantId }))
  t.strictSame([bob.isConnected, ann.isConnected], [false, true])
  await t.rejects(sdk.send(new DisconnectParticipantCommand({ stageArn: arn, participantId: bob.participantId })), refusal('ResourceNotFoundException', 404))
  await sdk.send(new DeleteStageCommand({ arn }))
  t.equal(ann.isConnected, false)
  t.throws(() => ann.publish())
})

t.test('a second connection with a token ends the first; twelve publish', async t => {
  const { ivs, sdk, arn, join } = await opened(t)
  const { participantToken } = await sdk.send(new CreateParticipantTokenCommand({ stageArn: arn }))
  const first = ivs.join(participantToken!.token!)
  t.equal(ivs.join(participantToken!.token!).participantId, first.participantId)
  t.equal(ivs.stage(arn)?.connected, 1)
  for (let i = 0; i < 12; i++) (await join(['PUBLISH'])).publish()
  const thirteenth = await join(['PUBLISH'])
  t.throws(() => thirteenth.publish(), { message: 'QUOTA_EXCEEDED' })
})

t.test('copies', async t => {
  const { ivs, sdk, arn, join } = await opened(t)
  const destinations = Array.from({ length: 6 }, (_, i) => ivs.createStage(`copy-${i}`))
  const bob = await join(['PUBLISH'], 'bob')
  const start = async (destinationStageArn: string, changes = {}) => await sdk.send(new StartParticipantReplicationCommand({ sourceStageArn: arn, destinationStageArn, participantId: bob.participantId, ...changes }))
  await t.rejects(start(destinations[0]!), refusal('ValidationException', 400), 'of nobody who does not publish')
  bob.publish()
  await t.rejects(start(arn), refusal('ValidationException', 400))
  await t.rejects(start(`${arn}x`), refusal('ResourceNotFoundException', 404))
  for (const destination of destinations.slice(0, 5)) await start(destination, { reconnectWindowSeconds: 10 })
  await t.rejects(start(destinations[0]!), refusal('ConflictException', 409))
  await t.rejects(start(destinations[5]!), refusal('ServiceQuotaExceededException', 402))
  const replicas = async () => (await sdk.send(new ListParticipantReplicasCommand({ sourceStageArn: arn, participantId: bob.participantId }))).replicas?.map(({ replicationState }) => replicationState)
  t.strictSame(await replicas(), Array(5).fill('ACTIVE'))
  const { stage } = await sdk.send(new GetStageCommand({ arn: destinations[0] }))
  const { participants } = await sdk.send(new ListParticipantsCommand({ stageArn: destinations[0], sessionId: stage?.activeSessionId }))
  t.match(participants, [{ participantId: bob.participantId, replicationType: 'REPLICA', replicationState: 'ACTIVE', sourceStageArn: arn, published: true }])
  await sdk.send(new StopParticipantReplicationCommand({ sourceStageArn: arn, destinationStageArn: destinations[0], participantId: bob.participantId }))
  t.equal(ivs.stage(destinations[0]!)?.activeSessionId, undefined)
  await sdk.send(new DeleteStageCommand({ arn: destinations[1] }))
  t.equal(ivs.replicas(arn, bob.participantId).length, 3)
  bob.unpublish()
  ivs.advance(9_999)
  t.equal(ivs.replicas(arn, bob.participantId).length, 3)
  ivs.advance(1)
  t.strictSame(await replicas(), Array(5).fill('STOPPED'))
  await t.rejects(sdk.send(new StopParticipantReplicationCommand({ sourceStageArn: arn, destinationStageArn: destinations[2], participantId: bob.participantId })), refusal('ResourceNotFoundException', 404))
})

t.test('tokens that are signed by customers, and what is wrong with others', async t => {
  const { ivs, sdk, arn } = await opened(t)
  const pair = generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
  const { publicKey } = await sdk.send(new ImportPublicKeyCommand({ publicKeyMaterial: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string }))
  const { endpoints } = (await sdk.send(new GetStageCommand({ arn }))).stage!
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iat, exp: iat + 60, jti: 'participant-1', resource: arn, topic: arn.split('/')[1], events_url: endpoints?.events, whip_url: endpoints?.whip, capabilities: { allow_publish: true }, version: '1.0' }
  const sign = (changes: object = {}, { keyid = publicKey!.arn!, key = pair.privateKey } = {}) => jwt.sign({ ...claims, ...changes }, key, { algorithm: 'ES384', keyid })
  t.match(ivs.join(sign({ user_id: 'bob' })), { participantId: 'participant-1', userId: 'bob' })
  t.throws(() => ivs.join(sign({ capabilities: { allow_subscribe: true } })).publish(), { message: 'INSUFFICIENT_CAPABILITIES' })
  const refused: Array<[RegExp, string]> = [
    [/no token/, 'nonsense'],
    [/not issued here/, `${Buffer.from('{"alg":"KMS","typ":"JWT"}').toString('base64url')}.x.y`],
    [/alg ES384/, jwt.sign(claims, 'secret', { algorithm: 'HS256' })],
    [/No public key/, sign({}, { keyid: `${publicKey!.arn}x` })],
    [/signature/, sign({}, { key: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey })],
    [/expired/, sign({ iat: iat - 120, exp: iat - 60 })],
    [/14 days/, sign({ exp: iat + 1_209_601 })],
    [/jti/, sign({ jti: 'a/b' })],
    [/deleted/, sign({ resource: `${arn}x` })],
    [/topic/, sign({ topic: arn })],
    [/events_url/, sign({ events_url: 'wss://elsewhere' })],
    [/whip_url/, sign({ whip_url: 'https://elsewhere' })],
    [/version/, sign({ version: 1 })],
    [/capabilities/, sign({ capabilities: {} })],
    [/capabilities/, sign({ capabilities: { allow_everything: true } })],
    [/nobody knows/, sign({ sub: 'bob' })],
    [/attributes/, sign({ attributes: { key: 1 } })]
  ]
  for (const [why, token] of refused) t.throws(() => ivs.join(token), { name: 'TokenRefused', message: why })
  const whole = sign()
  t.throws(() => ivs.join(`${whole.slice(0, -4)}AAAA`), { name: 'TokenRefused' })
  ivs.deletePublicKey(publicKey!.arn!)
  t.throws(() => ivs.join(whole), { message: /No public key/ })
  for (const wrong of [{ duration: 0 }, { duration: 20_161 }, { userId: 'x'.repeat(129) }, { attributes: { a: 'x'.repeat(1_024) } }, { capabilities: ['ALL' as 'PUBLISH'] }]) await t.rejects(sdk.send(new CreateParticipantTokenCommand({ stageArn: arn, ...wrong })), refusal('ValidationException', 400))
})

const OFFER = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n'

t.test('WHIP: sent on with 307, and published there by whoever keeps its token', async t => {
  const { ivs, sdk, arn } = await opened(t)
  const { participantToken } = await sdk.send(new CreateParticipantTokenCommand({ stageArn: arn, userId: 'obs', capabilities: ['PUBLISH'] }))
  const post = async (path: string, offer = OFFER, authorization = `Bearer ${participantToken!.token}`) => await fetch(new URL(path, ivs.url), { method: 'POST', redirect: 'manual', headers: { authorization, 'content-type': 'application/sdp' }, body: offer })
  const first = await post(new URL(ivs.settings.whipEndpoint).pathname)
  t.equal(first.status, 307)
  const region = first.headers.get('location')!
  t.equal((await post(region, OFFER, '')).status, 401)
  t.equal((await post(region, OFFER, 'Bearer nonsense')).status, 401)
  t.equal((await post(region, 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n')).status, 400)
  const answer = await post(region)
  t.equal(answer.status, 201)
  t.match(await answer.text(), /^v=0/)
  t.equal(ivs.stage(arn)?.connected, 1)
  const resource = new URL(answer.headers.get('location')!, ivs.url)
  t.equal((await fetch(resource, { method: 'DELETE' })).status, 200)
  t.equal(ivs.stage(arn)?.connected, 0)
  t.equal((await fetch(resource, { method: 'DELETE' })).status, 404)
})

t.test('events', async t => {
  const { ivs, arn, join } = await opened(t)
  const heard: StageEvent[] = []
  const names = () => heard.splice(0).map(({ detail }) => detail.event_name)
  const end = ivs.events.listen(event => { heard.push(event) })
  const bob = await join(['PUBLISH'], 'bob')
  bob.publish()
  t.match(heard, [{ 'detail-type': 'IVS Stage Update', source: 'aws.ivs', region: 'eu-central-1', resources: [arn], detail: { event_name: 'Participant Published', participant_id: bob.participantId, user_id: 'bob', session_id: /^st-/ } }])
  heard.length = 0
  ivs.events.lose()
  bob.unpublish()
  t.strictSame(names(), [])
  ivs.events.repeat(2)
  bob.publish()
  t.equal(new Set(heard.map(({ id }) => id)).size, 1)
  t.strictSame(names(), ['Participant Published', 'Participant Published'])
  ivs.events.repeat(1)
  ivs.events.hold()
  bob.unpublish()
  bob.publish()
  t.strictSame(names(), [])
  ivs.events.release('reversed')
  t.strictSame(names(), ['Participant Published', 'Participant Unpublished'])
  const ann = await join(['SUBSCRIBE'], 'ann')
  t.throws(() => ann.publish())
  t.match(heard.splice(0), [{ detail: { event_name: 'Participant Publish Error', error_code: 'INSUFFICIENT_CAPABILITIES' } }])
  end()
  bob.leave()
  t.strictSame(names(), [])
})

t.test('its own rates', async t => {
  const { ivs, sdk, arn } = await opened(t)
  ivs.limitRates()
  const results = await Promise.allSettled(Array.from({ length: 60 }, () => sdk.send(new GetStageCommand({ arn }))))
  const refused = results.flatMap(result => result.status === 'rejected' ? [result.reason] : [])
  t.ok(refused.length > 30, `${refused.length} were refused`)
  t.match(refused[0], refusal('ThrottlingException', 429))
  const tokens = await Promise.allSettled(Array.from({ length: 45 }, () => sdk.send(new CreateParticipantTokenCommand({ stageArn: arn }))))
  t.ok(tokens.every(({ status }) => status === 'fulfilled'), 'each operation has its own')
})

t.test('what it does not know', async t => {
  const { sdk } = await opened(t)
  sdk.middlewareStack.add(next => async args => {
    (args.request as { path: string }).path = '/StartComposition'
    return await next(args)
  }, { step: 'build' })
  await t.rejects(sdk.send(new ListStagesCommand({})), refusal('UnknownOperationException', 404))
})
