import t from 'tap'
import { parseStageEvent } from '../../../../plugins/ivs/aws/stage-event.ts'
import type { StageEvent } from '../../../stand-ins/ivs/stand-in.ts'
import { opened } from './opened.ts'

const EVENT = {
  version: '0',
  id: '01234567-0123-0123-0123-012345678901',
  'detail-type': 'IVS Stage Update',
  source: 'aws.ivs',
  account: '123456789012',
  time: '2026-06-23T20:12:36Z',
  region: 'us-west-2',
  resources: ['arn:aws:ivs:us-west-2:123456789012:stage/AbCdef1G2hij'],
  detail: { session_id: 'st-1234567890abc', event_name: 'Participant Published', event_time: '2026-06-23T20:12:35.123Z', user_id: 'bob', participant_id: 'xYz1c2d3e4f' }
}

t.test('what an event says', async t => {
  t.strictSame(parseStageEvent(EVENT), { id: EVENT.id, at: new Date('2026-06-23T20:12:35.123Z'), stageArn: EVENT.resources[0], what: 'published', participantId: 'xYz1c2d3e4f', sessionId: 'st-1234567890abc' })
  const what = (name: string) => parseStageEvent({ ...EVENT, detail: { ...EVENT.detail, event_name: name } })?.what
  t.equal(what('Participant Unpublished'), 'unpublished')
  for (const other of ['Participant Publish Error', 'Participant Replication Started', 'Something New']) t.equal(what(other), 'other')
})

t.test('without a time of its own it happened when it was sent', async t => {
  const { event_time: _eventTime, ...detail } = EVENT.detail
  t.strictSame(parseStageEvent({ ...EVENT, detail })?.at, new Date(EVENT.time))
})

t.test('anything else is none', async t => {
  const others: unknown[] = [
    undefined, null, 'text', 1, [], {},
    { ...EVENT, source: 'aws.ec2' },
    { ...EVENT, 'detail-type': 'IVS Composition State Change' },
    { ...EVENT, id: undefined },
    { ...EVENT, id: 'x'.repeat(10_000) },
    { ...EVENT, id: { toString: 'x' } },
    { ...EVENT, resources: [] },
    { ...EVENT, resources: 'arn' },
    { ...EVENT, resources: [{}] },
    { ...EVENT, detail: null },
    { ...EVENT, detail: 'Participant Published' },
    { ...EVENT, detail: {} },
    { ...EVENT, detail: { ...EVENT.detail, event_time: 'yesterday' } },
    { ...EVENT, detail: { ...EVENT.detail, event_name: 7 } }
  ]
  for (const other of others) t.equal(parseStageEvent(other), undefined, JSON.stringify(other)?.slice(0, 80))
})

t.test('ids that are no texts are left out', async t => {
  const hint = parseStageEvent({ ...EVENT, detail: { ...EVENT.detail, participant_id: 1, session_id: '' } })
  t.match(hint, { what: 'published' })
  t.notOk('participantId' in hint! || 'sessionId' in hint!)
})

t.test('what the stand-in sends is understood', async t => {
  const { ivs, join, master } = await opened(t)
  const sent: StageEvent[] = []
  ivs.events.listen(event => { sent.push(event) })
  const publisher = await join('publisher', 'bob')
  publisher.publish()
  publisher.leave()
  t.match(sent.map(parseStageEvent), ['published', 'unpublished'].map(what => ({ what, stageArn: master, participantId: publisher.participantId })))
})
