import t from 'tap'
import { newSessionOf, problemsOf, type Filled } from '../../../../../plugins/live-sessions/pages/create/new-session.ts'

const FILLED: Filled = { title: ' A lesson ', description: '', session_type: 'teaching', max_participants: '50', scheduled_at: '' }

t.test('what is wrong with what was filled in', async t => {
  const wrong = (more: Partial<Filled>) => Object.keys(problemsOf({ ...FILLED, ...more }, { isTimeHalf: false }))
  t.strictSame(wrong({}), [])
  t.strictSame(wrong({ title: '  ' }), ['title'])
  t.strictSame(wrong({ title: '🙂'.repeat(200) }), [], 'characters as people count them')
  t.strictSame(wrong({ title: 'a'.repeat(201) }), ['title'])
  for (const most of ['0', '10001', '1.5', '', 'many']) t.strictSame(wrong({ max_participants: most }), ['max_participants'], most)
  t.strictSame(Object.keys(problemsOf(FILLED, { isTimeHalf: true })), ['scheduled_at'])
  t.strictSame(wrong({ title: '', max_participants: '0' }), ['title', 'max_participants'])
})

t.test('what the API is sent', async t => {
  const flags = { isPublic: false, isRecorded: true }
  t.strictSame(newSessionOf(FILLED, flags), { title: 'A lesson', session_type: 'teaching', max_participants: 50, is_public: false, is_recorded: true })
  const at = '2026-12-27T15:00'
  t.match(newSessionOf({ ...FILLED, description: 'Hooks\n', scheduled_at: at }, flags), { description: 'Hooks', scheduled_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/ })
  t.equal(Date.parse(newSessionOf({ ...FILLED, scheduled_at: at }, flags).scheduled_at!), Date.parse(at), 'the same moment, in the time of whoever fills it in')
})
