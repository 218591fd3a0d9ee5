import t from 'tap'
import { startIvsHost } from '../../fixtures/ivs-host.ts'
import { API_KEY, WEBHOOK_SECRET } from '../../fixtures/ivs-server.ts'
import { ERROR, expectError, expectInvalid, expectSuccess } from './expect.ts'

const host = await startIvsHost(t, { '/set': { webhookSecret: WEBHOOK_SECRET }, '/not-set': {} })
const { get, post, ask } = host.at('/set')
const secret = { 'x-webhook-secret': WEBHOOK_SECRET }

/** As AWS documents it. */
function stageUpdate (stageArn: string, more: object = {}): object {
  return {
    version: '0',
    id: '12345678-1a23-4567-a1bc-1a2b34567890',
    'detail-type': 'IVS Stage Update',
    source: 'aws.ivs',
    account: '123456789012',
    time: new Date().toISOString(),
    region: 'ap-northeast-1',
    resources: [stageArn],
    detail: { session_id: 'st-1234567890abc', event_name: 'Participant Published', user_id: 'publisher', participant_id: 'abc', event_time: new Date().toISOString() },
    ...more
  }
}

t.test('events need the secret of the webhook, and no key', async t => {
  const body = stageUpdate('arn:aws:ivs:ap-northeast-1:123456789012:stage/x')
  t.strictSame(expectSuccess(t, await ask('POST', '/api/ivs/events', { headers: secret, body }), 'with the secret'), { taken: true })
  for (const headers of [{}, { 'x-webhook-secret': '' }, { 'x-webhook-secret': 'wrong' }, { 'x-api-key': API_KEY }, { 'x-webhook-secret': API_KEY }] as Array<Record<string, string>>) expectError(t, await ask('POST', '/api/ivs/events', { headers, body }), ERROR.forbidden, JSON.stringify(headers))
  for (const given of [WEBHOOK_SECRET, '', 'undefined']) expectError(t, await host.at('/not-set').post('/api/ivs/events', body, { 'x-webhook-secret': given }), ERROR.forbidden, `none is set: "${given}"`)
  for (const path of ['/api/ivs', '/api/ivs/events', '/api/ivs/other']) expectError(t, await get(path), ERROR.notFound, path)
})

t.test('what is not ours is taken and ignored', async t => {
  for (const body of [{}, { source: 'aws.ec2' }, stageUpdate('x', { detail: null }), stageUpdate('x', { detail: { event_name: 5 } }), stageUpdate('x', { time: 'yesterday', detail: { event_name: 'Participant Published', event_time: 'soon' } }), stageUpdate('x', { resources: 'x' }), stageUpdate('x', { id: '' }), { 'detail-type': 'IVS Stage Update', source: 'aws.ivs', detail: { __proto__: { event_name: 'x' } } }]) {
    t.strictSame(expectSuccess(t, await post('/api/ivs/events', body, secret), JSON.stringify(body).slice(0, 60)), { taken: false })
  }
  expectInvalid(t, await ask('POST', '/api/ivs/events', { headers: { ...secret, 'content-type': 'application/json' }, body: '[]' }), ['body'], 'no object')
})

t.test('an event is a hint: nobody is live because it says so', async t => {
  const { stage: { arn } } = expectSuccess(t, await get('/api/stage/master/info'), 'the master')
  t.strictSame(expectSuccess(t, await post('/api/ivs/events', stageUpdate(arn, { id: 'one' }), secret), 'published'), { taken: true })
  t.strictSame(expectSuccess(t, await get('/api/stats/publisher'), 'the provider knows better'), { isPublisherLive: false })
  const { participantId } = expectSuccess(t, await post('/api/token/publisher', { userId: 'publisher' }), 'a token')
  t.strictSame(expectSuccess(t, await get('/api/stats/publisher'), 'live'), { isPublisherLive: true })
  const ended = { event_name: 'Participant Unpublished', participant_id: participantId, event_time: new Date(Date.now() + 1_000).toISOString() }
  expectSuccess(t, await post('/api/ivs/events', stageUpdate(arn, { id: 'two', detail: ended }), secret), 'unpublished')
  const until = Date.now() + 10_000
  const isLive = async () => expectSuccess(t, await get('/api/stats/publisher'), 'what the provider says').isPublisherLive
  while (!await isLive() && Date.now() < until);
  t.equal(await isLive(), true, 'it is found out')
})
