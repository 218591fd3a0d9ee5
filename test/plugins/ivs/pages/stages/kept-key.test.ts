import t from 'tap'
import { KeptKey } from '../../../../../plugins/ivs/pages/stages/kept-key.ts'

function shelf (): Storage {
  const kept = new Map<string, string>()
  return { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, text: string) => { kept.set(name, text) }, removeItem: (name: string) => { kept.delete(name) } } as Storage
}

t.test('a key is kept for its server, until it is forgotten', async t => {
  const storage = shelf()
  const [one, other] = ['one', 'other'].map(prefix => new KeptKey(new URL(`https://example.org/${prefix}/`), storage))
  t.equal(one!.read(), undefined)
  one!.write('key')
  t.equal(one!.read(), 'key')
  t.equal(other!.read(), undefined)
  one!.clear()
  t.equal(one!.read(), undefined)
})

t.test('a browser that keeps nothing', async t => {
  const root = new URL('https://example.org/')
  const none = new KeptKey(root, undefined)
  none.write('key')
  none.clear()
  t.equal(none.read(), undefined)
  new KeptKey(root, { ...shelf(), setItem: () => { throw new Error('full') } }).write('key')
})
