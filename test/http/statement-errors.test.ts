import { DrizzleQueryError } from 'drizzle-orm'
import t from 'tap'
import { withoutValues } from '../../src/http/statement-errors.ts'

t.test('the statement is told, its values are not', async t => {
  const cause = Object.assign(new Error('duplicate key value violates unique constraint "users_email_key"'), { code: '23505', detail: 'Key (email_key)=(anna@example.com) already exists.' })
  const error = new DrizzleQueryError('insert into "users" values ($1, $2)', ['anna@example.com', '$argon2id$hash'], cause)
  t.match(error.message, /anna@example/, 'the error itself has them')
  t.match(error.stack, /anna@example/)
  const logged = withoutValues(error) as { message: string, stack: string }
  t.notMatch(JSON.stringify(logged), /anna@example|argon2id/)
  t.match(logged, { type: String, message: 'Failed: insert into "users" values ($1, $2)', stack: /^ {4}at /, cause: { code: '23505', message: /users_email_key/ } })
  t.match(withoutValues(new Error('outer', { cause: error })), { message: 'outer', stack: String, cause: { message: /^Failed: insert/ } })
  t.equal(withoutValues('a text'), 'a text')
})
