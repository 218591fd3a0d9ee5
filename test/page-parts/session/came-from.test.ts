import t from 'tap'
import { pathAfter } from '../../../src/page-parts/session/came-from.ts'

t.test('where one goes after logging in', async t => {
  t.equal(pathAfter({ from: '/watch/harbour' }), '/watch/harbour')
  for (const state of [null, undefined, 'x', {}, { from: 7 }, { from: '' }, { from: '/login' }, { from: '/register' }, { from: '/reset-password' }, { from: 'https://elsewhere.org/' }, { from: '//elsewhere.org' }]) {
    t.equal(pathAfter(state), '/', JSON.stringify(state))
  }
})
