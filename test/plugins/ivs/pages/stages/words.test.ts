import t from 'tap'
import type { Decision } from '../../../../../plugins/ivs/live-messages.ts'
import { ageText, clockText, decisionsSince, decisionText, knownText, languageOf, mediaText, publisherText } from '../../../../../plugins/ivs/pages/stages/words.ts'

const AT = '2025-10-21T10:30:00.000Z'
const after = (seconds: number) => new Date(Date.parse(AT) + seconds * 1000).toISOString()
const decision = (seconds: number, rest: Partial<Decision> = {}): Decision => ({ at: after(seconds), action: 'create', reason: 'All are full.', ...rest })

t.test('how old something is', async t => {
  for (const [seconds, text] of [[-5, '0 seconds'], [0, '0 seconds'], [1, '1 second'], [59, '59 seconds'], [60, '1 minute'], [3_599, '59 minutes'], [3_600, '1 hour'], [86_399, '23 hours'], [86_400, '1 day'], [200_000, '2 days']] as const) t.equal(ageText(AT, after(seconds)), text)
})

t.test('a time says its date where it is not of today', async t => {
  const today = clockText(AT, new Date(AT))
  t.match(today, /\d:\d\d/)
  t.equal(clockText(AT, new Date(Date.parse(AT) + 3 * 86_400_000)), `${new Date(AT).toLocaleDateString(undefined, { dateStyle: 'medium' })}, ${today}`)
})

t.test('who publishes, and how one knows', async t => {
  const now = new Date(AT)
  const operations = (isLive: boolean, source: 'poll' | 'event', participantId?: string) => ({ publisher: { isLive, asOf: AT, source, ...(participantId === undefined ? {} : { participantId }) } })
  t.equal(publisherText(operations(false, 'poll')), 'Nobody publishes')
  t.equal(publisherText(operations(true, 'event', 'p1')), 'p1 publishes')
  t.equal(publisherText(operations(true, 'poll')), 'Somebody publishes')
  const unknown = { publisher: { ...operations(false, 'poll').publisher, isUnknown: true as const } }
  t.equal(publisherText(unknown), 'It is not known yet whether somebody publishes')
  t.equal(knownText(unknown, now), `Asked since ${clockText(AT, now)}`)
  t.equal(knownText(operations(true, 'event'), now), `As of ${clockText(AT, now)}, told by an event`)
  t.equal(knownText(operations(true, 'poll'), now), `As of ${clockText(AT, now)}, when it was looked up`)
})

t.test('where the media comes from', async t => {
  const paths = ['source', 'replica', 'relay', 'none'] as const
  const all = [true, false].flatMap(isLive => paths.map(mediaPath => mediaText({ mediaPath }, isLive)))
  t.ok(all.every(text => text.length > 0))
  t.equal(mediaText({ mediaPath: 'none' }, true), 'No media gets here')
})

t.test('decisions', async t => {
  t.equal(decisionText(decision(0)), 'Create: All are full.')
  t.equal(decisionText(decision(0, { stageName: 'autoscale-stage-1', problem: 'no answer' })), 'Create autoscale-stage-1: All are full. It failed: no answer')
  const before = [decision(2), decision(1)]
  t.strictSame(decisionsSince(before, before), [])
  t.strictSame(decisionsSince(before, [decision(4), decision(3), decision(2)]), [decision(4), decision(3)])
  t.strictSame(decisionsSince([], before), before)
})

t.test('the language of what the API says', async t => {
  t.equal(languageOf('Stage 已刪除'), 'zh-Hant')
  t.equal(languageOf('The server cannot be reached.'), undefined)
})
