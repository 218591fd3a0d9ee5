import t from 'tap'
import { failureProblems, hasProblems, missingProblems, NO_PROBLEMS, ruleProblems } from '../../../../../plugins/accounts/pages/form/problems.ts'
import { ApiFailure } from '../../../../../src/page-parts/api/failure.ts'

t.test('what is wrong before anything is sent', async t => {
  t.strictSame(ruleProblems({ username: 'alice', email: 'alice@example.com', password: 'secret', nickname: 'A', reason: '' }), NO_PROBLEMS)
  const wrong: Array<[Parameters<typeof ruleProblems>[0], RegExp]> = [
    [{ username: 'al' }, /3 to 50/],
    [{ username: 'a'.repeat(51) }, /3 to 50/],
    [{ email: 'alice' }, /name@example\.com/],
    [{ email: 'alice@example.com, bob@example.com' }, /no e-mail/],
    [{ email: '' }, /no e-mail/],
    [{ password: '12345' }, /6 to 128/],
    [{ new_password: 'x'.repeat(129) }, /6 to 128/],
    [{ old_password: '' }, /that you have now/],
    [{ nickname: 'n'.repeat(51) }, /1 to 50/],
    [{ username: 'alice@example.com' }, /no @/],
    [{ reason: 'r'.repeat(501) }, /at most 500/]
  ]
  for (const [values, words] of wrong) {
    const [name] = Object.keys(values) as [keyof typeof values]
    const problems = ruleProblems(values)
    t.match(problems.fields[name], words, name)
    t.strictSame([Object.keys(problems.fields), problems.whole], [[name], undefined])
    t.ok(hasProblems(problems))
  }
  t.equal(hasProblems(NO_PROBLEMS), false)
  t.strictSame(ruleProblems({ password: '      ' }), NO_PROBLEMS, 'spaces count in a password')
  t.strictSame(ruleProblems({ username: '爱丽丝' }), NO_PROBLEMS, 'characters count, not bytes')
})

t.test('what is missing', async t => {
  const words = { username: 'Who?', password: 'And?' }
  t.strictSame(missingProblems({ username: ' ', password: 'x' }, words), { fields: { username: 'Who?' } })
  t.strictSame(missingProblems({}, words), { fields: words })
  t.strictSame(missingProblems({ username: 'a', password: ' x' }, words), NO_PROBLEMS)
})

t.test('what a failure means in a form', async t => {
  const own = { 1001: { fields: { username: 'Taken.' } }, 403: { whole: 'Banned.' }, 400: { whole: 'Not so.' } }
  const problems = (failure: ConstructorParameters<typeof ApiFailure>[0]) => failureProblems(new ApiFailure(failure), ['username', 'email'], own)
  t.strictSame(problems({ status: 400, code: 1001 }), { fields: { username: 'Taken.' } })
  t.strictSame(problems({ status: 403 }), { fields: {}, whole: 'Banned.' })
  t.match(problems({ status: 400, fields: ['email', 'username'] }), { fields: { username: /3 to 50/, email: /no e-mail/ }, whole: undefined }, 'the fields come before what the code means')
  t.strictSame(problems({ status: 400, fields: ['token'] }), { fields: {}, whole: 'Not so.' }, 'a field that is not in the form is no help')
  t.match(problems({ status: 500 }), { fields: {}, whole: /went wrong on the server/ })
})
