import type { ParticipantSummary } from '@aws-sdk/client-ivs-realtime'
import t from 'tap'
import { candidates, isPublishing, viewers } from '../../../../plugins/ivs/aws/participants.ts'

const ids = (participants: ParticipantSummary[]) => participants.map(({ participantId }) => participantId)
const bob: ParticipantSummary = { participantId: 'bob', userId: 'bob', state: 'CONNECTED', published: true, replicationType: 'SOURCE', firstJoinTime: new Date(1_000) }

t.test('who may publish now', async t => {
  const others: ParticipantSummary[] = [
    { ...bob, participantId: 'gone', state: 'DISCONNECTED' },
    { ...bob, participantId: 'copy', replicationType: 'REPLICA' },
    { ...bob, participantId: 'other', userId: 'unwanted' }
  ]
  t.strictSame(ids(candidates([...others, bob, { ...bob, participantId: 'later', firstJoinTime: new Date(2_000) }], userId => userId === 'bob')), ['later', 'bob'])
})

t.test('who watches', async t => {
  const ann: ParticipantSummary = { participantId: 'ann', userId: 'ann', state: 'CONNECTED', published: false, replicationType: 'NONE' }
  t.strictSame(ids(viewers([bob, ann, { ...ann, participantId: 'copy', replicationType: 'REPLICA' }, { ...ann, participantId: 'relay', userId: 'mediaserver-1' }])), ['ann'])
})

t.test('the newest of what decides, in whatever order events come', async t => {
  const [early, late] = [new Date(1_000), new Date(2_000)]
  const started = { name: 'PUBLISH_STARTED', eventTime: early } as const
  t.equal(isPublishing([]), false)
  t.equal(isPublishing([started, { name: 'JOINED', eventTime: late }, { name: 'PUBLISH_ERROR', eventTime: late }]), true)
  for (const name of ['PUBLISH_STOPPED', 'LEFT'] as const) {
    t.equal(isPublishing([started, { name, eventTime: late }]), false, name)
    t.equal(isPublishing([{ name, eventTime: late }, started]), false, name)
    t.equal(isPublishing([{ ...started, eventTime: late }, { name, eventTime: early }]), true, name)
    t.equal(isPublishing([{ name, eventTime: early }, started]), false, `${name} at the same time: the newest is listed first`)
  }
})
