import t from 'tap'
import { UserList } from '../../../../../plugins/accounts/pages/users/user-list.ts'
import { queryOf } from '../../../../../plugins/accounts/pages/users/user-query.ts'
import type { Account } from '../../../../../src/page-parts/account/account.ts'
import type { Call } from '../../../../../src/page-parts/api/call.ts'
import { ApiFailure } from '../../../../../src/page-parts/api/failure.ts'

const user = (id: number, rest: Partial<Account> = {}) => ({ user_id: id, username: `u${id}`, status: 'active', ...rest }) as Account
const page = (...users: Account[]) => ({ users, total: users.length, page: 1, page_size: 20, total_pages: 1 })

/** What is asked, and the way to answer it. */
function scripted () {
  const asked: Array<{ path: string, answer: (data: unknown) => void, fail: (error: unknown) => void }> = []
  const ask = async <Data>(path: string, { signal }: Call = {}) => await new Promise<Data>((resolve, reject) => {
    asked.push({ path, answer: data => resolve(data as Data), fail: reject })
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
  return { asked, list: new UserList({ ask }) }
}

t.test('the last question counts', async t => {
  const { asked, list } = scripted()
  t.match(list.snapshot, { found: undefined, isLooking: true })
  const first = list.look(queryOf('keyword=a'))
  const second = list.look(queryOf('keyword=b'))
  t.strictSame(asked.map(({ path }) => path), ['admin/users?keyword=a&page_size=20', 'admin/users?keyword=b&page_size=20'])
  asked[1]!.answer(page(user(1)))
  asked[0]!.answer(page(user(2)))
  await Promise.all([first, second])
  t.match(list.snapshot, { found: { query: { keyword: 'b' }, users: [{ user_id: 1 }], total: 1, pages: 1 }, isLooking: false, trouble: undefined })
})

t.test('what was found stays when the next question fails', async t => {
  const { asked, list } = scripted()
  const first = list.look(queryOf(''))
  asked[0]!.answer(page(user(1)))
  await first
  const second = list.look(queryOf('page=2'))
  asked[1]!.fail(new ApiFailure({ status: 429, retryAfterSeconds: 5 }))
  await second
  t.match(list.snapshot, { found: { users: [{ user_id: 1 }] }, isLooking: false, trouble: 'That was too often. Try again in 5 seconds.' })
})

t.test('what was done to an account is seen where it stands', async t => {
  const { asked, list } = scripted()
  list.changed(user(1))
  t.equal(list.snapshot.found, undefined)
  const look = list.look(queryOf('status=active'))
  asked[0]!.answer(page(user(1), user(2)))
  await look
  list.changed(user(2, { status: 'banned' }))
  t.match(list.snapshot.found?.users, [{ user_id: 1, status: 'active' }, { user_id: 2, status: 'banned' }])
})
