import t from 'tap'
import { resetLetter } from '../../../plugins/accounts/reset-letter.ts'

const given = { to: 'a@example.com', username: 'anna', token: 'abc', seconds: 3_600 }

t.test('a link where the page is known, else the token', async t => {
  t.match(resetLetter({ ...given, page: 'https://example.com/new' }), { to: 'a@example.com', subject: 'A new password', text: /\nhttps:\/\/example\.com\/new#token=abc\n.*within 60 minutes/s })
  const { text } = resetLetter({ ...given, page: '', seconds: 20 })
  t.match(text, /\nabc\n.*within 1 minutes/s)
  t.notMatch(text, /http/)
})
