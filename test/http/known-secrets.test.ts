import t from 'tap'
import { KnownSecrets } from '../../src/http/known-secrets.ts'

t.test('any of them is known, whole and nothing else', async t => {
  const secrets = new KnownSecrets(['one', 'a longer one', 'ключ'])
  for (const known of ['one', 'a longer one', 'ключ']) t.ok(secrets.has(known), known)
  for (const unknown of ['', 'on', 'one ', 'One', 'one,a longer one', 'a longer one\n', 'x'.repeat(100_000)]) t.notOk(secrets.has(unknown), unknown.slice(0, 20))
})

t.test('where there are none, nothing is known, not even nothing', async t => {
  t.notOk(new KnownSecrets([]).has(''))
})
