import t from 'tap'
import { countText, durationText, sizeText, thereText, timeText, whenText } from '../../../../../plugins/live-sessions/pages/sessions/words.ts'

const AT = { created_at: '2026-03-04T10:00:00', scheduled_at: null, started_at: null }
const NOW = new Date('2026-03-05T12:00:00')

t.test('when a session is', async t => {
  const when = (more: Partial<Parameters<typeof whenText>[0]>) => whenText({ status: 'scheduled', ...AT, ...more }, NOW, 'en-GB')
  t.equal(when({}), 'made 4 Mar, 10:00')
  t.equal(when({ scheduled_at: '2026-03-05T15:30:00' }), 'begins 15:30')
  t.equal(when({ scheduled_at: '2027-01-02T09:00:00' }), 'begins 2 Jan 2027, 9:00')
  t.equal(when({ scheduled_at: '2026-03-05T11:30:00' }), 'was to begin 11:30', 'and the host is late')
  t.equal(when({ status: 'cancelled', scheduled_at: '2026-03-05T15:30:00' }), 'was to begin 15:30')
  t.equal(when({ status: 'live', scheduled_at: '2026-03-05T11:00:00', started_at: '2026-03-05T11:02:00' }), 'since 11:02')
  t.equal(when({ status: 'ended', started_at: '2026-03-04T11:02:00' }), 'began 4 Mar, 11:02')
  t.equal(timeText('2026-03-05T00:05:00', NOW, 'en-GB'), '0:05')
})

t.test('how many are there', async t => {
  const there = (status: 'live' | 'scheduled' | 'ended', current: number) => thereText({ status, current_viewers: current, max_participants: 50 })
  t.equal(there('live', 0), '0 of 50 there')
  t.equal(there('scheduled', 0), 'up to 50 people')
  t.equal(there('scheduled', 2), '2 of 50 there')
  t.equal(there('ended', 0), 'up to 50 people')
})

t.test('lengths and sizes', async t => {
  t.strictSame([0, 5.4, 59.6, 600, 5_280, 36_000].map(durationText), ['0:00', '0:05', '1:00', '10:00', '1:28:00', '10:00:00'])
  t.strictSame([0, 5_242, 999_499, 1_000_000, 524_288_000, 2_500_000_000].map(sizeText), ['0 kB', '5 kB', '999 kB', '1.0 MB', '524.3 MB', '2.5 GB'])
})

t.test('which of how many', async t => {
  const text = (page: number, shown: number, total: number) => countText({ page, pageSize: 24, shown, total, one: 'session', many: 'sessions' })
  t.equal(text(1, 0, 0), '')
  t.equal(text(1, 1, 1), '1 session')
  t.equal(text(1, 24, 60), '1 to 24 of 60 sessions')
  t.equal(text(3, 12, 60), '49 to 60 of 60 sessions')
  t.equal(text(9, 0, 60), '60 sessions')
})
