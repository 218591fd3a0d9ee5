import t from 'tap'
import { apiPathOf, countText, pathOf, queryOf, type UserQuery } from '../../../../../plugins/accounts/pages/users/user-query.ts'

const ALL: UserQuery = { keyword: '', status: '', role: '', page: 1 }

t.test('the address of the page and back', async t => {
  t.strictSame(queryOf(''), ALL)
  t.equal(pathOf(ALL), '/admin/users')
  const query: UserQuery = { keyword: 'a&b=c %_', status: 'banned', role: 'mentor', page: 3 }
  t.strictSame(queryOf(pathOf(query).split('?')[1]!), query)
  t.strictSame(queryOf('status=gone&role=king&page=-1&keyword=%20x%20'), { ...ALL, keyword: 'x' }, 'what makes no sense counts as not given')
  for (const page of ['0', '1.5', 'x', '1e99', '']) t.equal(queryOf(`page=${page}`).page, 1, page)
})

t.test('what the API is asked', async t => {
  t.equal(apiPathOf(ALL), 'admin/users?page_size=20')
  t.equal(apiPathOf({ keyword: 'al', status: 'active', role: 'admin', page: 2 }), 'admin/users?keyword=al&status=active&role=admin&page=2&page_size=20')
})

t.test('how many there are', async t => {
  t.equal(countText(ALL, 1, 1), '1 account')
  t.equal(countText(ALL, 7, 7), '7 accounts')
  t.equal(countText(ALL, 20, 57), '1 to 20 of 57 accounts')
  t.equal(countText({ ...ALL, page: 3 }, 17, 57), '41 to 57 of 57 accounts')
  t.equal(countText({ ...ALL, page: 9 }, 0, 57), 'This page is empty: there are 57 accounts.')
  t.equal(countText({ ...ALL, page: 2 }, 0, 1), 'This page is empty: there is 1 account.')
  t.equal(countText(ALL, 0, 0), 'There is no account.')
  t.equal(countText({ ...ALL, keyword: 'zz' }, 0, 0), 'No account fits.')
})
