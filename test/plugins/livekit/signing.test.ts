import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import jsonwebtoken from 'jsonwebtoken'
import { AccessToken, TokenVerifier, TrackSource } from 'livekit-server-sdk'
import t from 'tap'
import { openSigningKey } from '../../../plugins/livekit/secret.ts'
import { makeToken, readToken, verified } from '../../../plugins/livekit/tokens.ts'
import { completeLivekitOptions } from '../../../src/config/load.ts'
import type { Permissions, TrackSource as Source } from '../../../src/rooms/provider.ts'
import { dataFolder } from '../../fixtures/database.ts'
import { LIVEKIT_KEY, LIVEKIT_SECRET } from '../../fixtures/livekit-webhook.ts'

const KEY = { key: LIVEKIT_KEY, secret: LIVEKIT_SECRET }

t.test('the key that is set, or one that is made once and kept', async t => {
  const dataDir = await dataFolder(t)
  const set = completeLivekitOptions({ apiKey: LIVEKIT_KEY, apiSecret: LIVEKIT_SECRET })
  for (const isProduction of [true, false]) t.strictSame(await openSigningKey(set, { isProduction, dataDir }), KEY)
  t.strictSame(await openSigningKey(completeLivekitOptions({ apiSecret: LIVEKIT_SECRET }), { isProduction: true, dataDir }), { key: 'headwater', secret: LIVEKIT_SECRET })
  t.strictSame(await readdir(dataDir), [], 'none is made where one is set')

  const unset = completeLivekitOptions({})
  await t.rejects(openSigningKey(unset, { isProduction: true, dataDir }), { code: 'CONFIG_INVALID', message: /LIVEKIT_API_SECRET/ })
  for (const missing of [{ apiKey: '' }, { apiSecret: '' }]) await t.rejects(openSigningKey({ ...set, url: 'ws://127.0.0.1:9', ...missing, apiSecret: '' }, { isProduction: false, dataDir }), { code: 'CONFIG_INVALID', message: /LIVEKIT_API_KEY/ })
  const [one, two] = await Promise.all([openSigningKey(unset, { isProduction: false, dataDir }), openSigningKey(unset, { isProduction: false, dataDir })])
  t.strictSame(one, two, 'the same for all who come for it')
  t.match(one, { key: 'headwater', secret: /^[\w-]{64}$/ })
  const [file] = await readdir(join(dataDir, 'secrets'))
  const path = join(dataDir, 'secrets', file!)
  t.equal((await readFile(path, 'utf8')).trim(), one.secret)
  t.equal((await stat(path)).mode & 0o077, 0, 'nobody else may read it')
})

const permissions: fc.Arbitrary<Permissions> = fc.record({
  canPublish: fc.boolean(),
  sources: fc.subarray<Source>(['camera', 'microphone', 'screen_share', 'screen_share_audio']),
  canSubscribe: fc.boolean(),
  canPublishData: fc.boolean()
})
const name = fc.string({ minLength: 1, unit: 'grapheme' })

t.test('whatever a token says is read again, and by LiveKit in the same way', async t => {
  const verifier = new TokenVerifier(KEY.key, KEY.secret)
  await fc.assert(fc.asyncProperty(name, name, permissions, fc.boolean(), fc.dictionary(fc.string().filter(key => key !== '__proto__'), fc.string(), { noNullPrototype: true }), async (room, identity, permissions, isAdmin, attributes) => {
    const token = await makeToken(KEY, { room, identity, permissions, isAdmin, attributes, lifeSeconds: 60 })
    const read = await readToken(KEY, token)
    // Sources of somebody who may not publish mean nothing.
    t.strictSame(read, { room, identity, attributes, isAdmin, permissions: { ...permissions, sources: permissions.canPublish ? permissions.sources : [] } })
    const { sub, video } = await verifier.verify(token)
    t.strictSame([sub, video?.room, video?.roomJoin, video?.roomAdmin, video?.canPublish, video?.canSubscribe, video?.canPublishData, video?.roomCreate], [identity, room, true, isAdmin, permissions.canPublish, permissions.canSubscribe, permissions.canPublishData, undefined])
  }), { numRuns: 50 })
})

t.test('tokens of other makers are read as LiveKit reads them', async t => {
  const made = async (grant: object) => {
    const token = new AccessToken(KEY.key, KEY.secret, { identity: 'ada', name: 'Ada', ttl: 60 })
    token.addGrant({ roomJoin: true, room: 'hall', ...grant })
    return await readToken(KEY, await token.toJwt())
  }
  t.strictSame(await made({}), { room: 'hall', identity: 'ada', name: 'Ada', attributes: {}, isAdmin: false, permissions: { canPublish: true, sources: [], canSubscribe: true, canPublishData: true } }, 'what is not spoken of is allowed')
  t.match((await made({ canPublish: false })).permissions, { canPublish: false, canPublishData: false, canSubscribe: true }, 'data goes with publishing')
  t.match((await made({ canPublish: false, canPublishData: true })).permissions, { canPublish: false, canPublishData: true })
  t.strictSame((await made({ canPublishSources: [TrackSource.MICROPHONE] })).permissions.sources, ['microphone'])
  const signed = (video: unknown, more: object = {}) => jsonwebtoken.sign({ video, ...more }, KEY.secret, { issuer: KEY.key, subject: 'ada', expiresIn: 60 })
  t.match((await readToken(KEY, signed({ roomJoin: true, room: 'hall', canPublishSources: ['hologram'] }))).permissions, { canPublish: false }, 'only what nobody knows: nothing')
  t.strictSame((await readToken(KEY, signed({ roomJoin: true, room: 'hall' }, { attributes: { a: 'x', b: 5, c: null }, name: 5 }))), { room: 'hall', identity: 'ada', attributes: { a: 'x' }, isAdmin: false, permissions: { canPublish: true, sources: [], canSubscribe: true, canPublishData: true } })
  for (const video of [undefined, null, 5, 'x', [], { roomJoin: 'true', room: 'hall' }, { roomJoin: true, room: 5 }, { roomAdmin: true, room: 'hall' }]) await t.rejects(readToken(KEY, signed(video)), { code: 'ROOM_TOKEN_INVALID' }, JSON.stringify(video))
})

t.test('a token without an end, or with another algorithm, is none', async t => {
  const claims = { iss: KEY.key, sub: 'ada', video: { roomJoin: true, room: 'hall' } }
  const soon = Math.floor(Date.now() / 1000) + 60
  await t.resolves(verified(KEY, jsonwebtoken.sign({ ...claims, exp: soon }, KEY.secret)))
  for (const token of [jsonwebtoken.sign(claims, KEY.secret), jsonwebtoken.sign({ ...claims, exp: soon }, KEY.secret, { algorithm: 'HS512' }), jsonwebtoken.sign({ ...claims, exp: soon }, '', { algorithm: 'none' }), jsonwebtoken.sign({ ...claims, exp: soon, nbf: soon - 30 }, KEY.secret)]) await t.rejects(verified(KEY, token), { code: 'ROOM_TOKEN_INVALID' })
})
