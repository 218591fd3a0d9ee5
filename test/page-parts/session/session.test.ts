import t, { type Test } from 'tap'
import type { Account } from '../../../src/page-parts/account/account.ts'
import { Memory, rememberedIn } from '../../../src/page-parts/session/remembered.ts'
import { Session, type OneAtATime } from '../../../src/page-parts/session/session.ts'

const ROOT = new URL('https://example.org/video/')
const ALICE: Account = { user_id: 1, username: 'alice', email: 'alice@example.com', nickname: 'Alice', avatar_url: '/video/api/v1/avatars/1.webp', status: 'active', role: 'user', created_at: '2026-05-01T10:00:00Z' }

/** A server of one account, as far as a session asks it; its cookies are `access` and `refresh`. */
class Server {
  access = false
  refresh = false
  banned = false
  away = false
  /** What a profile is answered with is under way until then. */
  delivered: Promise<void> | undefined
  readonly asked: string[] = []

  readonly fetch = async (url: URL, { method = 'GET' }: RequestInit = {}): Promise<Response> => {
    const path = url.href.replace(`${ROOT.href}api/v1/`, '')
    this.asked.push(`${method} ${path}`)
    await undefined
    if (this.away) throw new TypeError('fetch failed')
    switch (path) {
      case 'auth/login': return this.#open({ user: ALICE, token: 'secret-access', refresh_token: 'secret-refresh', expires_in: 7_200 })
      case 'auth/refresh': return this.refresh ? this.#open({ token: 'secret-access', refresh_token: 'secret-refresh', expires_in: 7_200 }) : answer(401, null)
      case 'auth/logout':
        this.access = this.refresh = false
        return answer(200, null)
    }
    const answered = this.banned ? answer(403, null) : this.access ? answer(200, ALICE) : answer(401, null)
    await this.delivered
    return answered
  }

  #open (data: object): Response {
    this.access = this.refresh = true
    return answer(200, data)
  }
}

const answer = (code: number, data: unknown) => Response.json({ code, message: '', data }, { status: code })

/** As `localStorage`, for several tabs. */
class Shelf {
  readonly kept = new Map<string, string>()
  getItem (key: string) { return this.kept.get(key) ?? null }
  setItem (key: string, value: string) { this.kept.set(key, value) }
  removeItem (key: string) { this.kept.delete(key) }
}

function locks (): OneAtATime {
  let last: Promise<unknown> = Promise.resolve()
  return async (_name, what) => {
    const mine = last.then(what, what)
    last = mine
    return await mine
  }
}

function browser (t: Test, server = new Server()) {
  t.intercept(globalThis, 'fetch', { value: server.fetch })
  const shelf = new Shelf()
  const oneAtATime = locks()
  return { server, shelf, tab: () => new Session(ROOT, new Memory(ROOT, shelf), oneAtATime) }
}

t.test('from logging in to logging out', async t => {
  const { server, shelf, tab } = browser(t)
  const session = tab()
  t.strictSame(session.snapshot, { state: 'unknown', account: undefined, remembered: undefined })
  await session.logIn('alice', 'secret-password')
  t.match(session.snapshot, { state: 'logged-in', account: ALICE, remembered: { name: 'Alice', picture: 'https://example.org/video/api/v1/avatars/1.webp' } })
  t.notMatch(JSON.stringify([...shelf.kept]), 'secret', 'no token and no password is kept')
  t.notMatch(JSON.stringify(session.snapshot), 'secret')

  const second = tab()
  t.match(second.snapshot, { state: 'unknown', remembered: { name: 'Alice' } }, 'another page shows at once who it probably is')
  await Promise.all([second.look(), second.look()])
  t.match(second.snapshot, { state: 'logged-in', account: { username: 'alice' } })
  t.strictSame(server.asked, ['POST auth/login', 'GET users/profile'], 'it asks once')

  await session.logOut()
  t.strictSame(session.snapshot, { state: 'logged-out', account: undefined, remembered: undefined })
  const [key] = ['headwater.account /video/']
  second.heard({ key: 'something else' })
  t.equal(second.snapshot.state, 'logged-in')
  second.heard({ key })
  t.equal(second.snapshot.state, 'logged-out', 'the other tab is told')
  t.equal(tab().snapshot.remembered, undefined)
})

t.test('a session that has ended is renewed, once for all tabs', async t => {
  const { server, tab } = browser(t)
  await tab().logIn('alice', 'x')
  const tabs = [tab(), tab(), tab()]
  server.access = false
  server.asked.length = 0
  await Promise.all(tabs.map(async tab => await tab.look()))
  for (const { snapshot } of tabs) t.match(snapshot, { state: 'logged-in', account: { username: 'alice' } })
  t.equal(server.asked.filter(path => path === 'POST auth/refresh').length, 1)

  server.access = false
  t.match(await tabs[0]!.ask('users/profile'), { username: 'alice' }, 'and so with every question')
})

t.test('what cannot be renewed is over', async t => {
  const { server, shelf, tab } = browser(t)
  const session = tab()
  await session.logIn('alice', 'x')
  server.access = server.refresh = false
  await t.rejects(session.ask('users/profile'), { name: 'ApiFailure', status: 401 })
  t.strictSame(session.snapshot, { state: 'logged-out', account: undefined, remembered: undefined })
  t.equal(shelf.kept.size, 0)
})

t.test('who never logged in is not renewed', async t => {
  const { server, tab } = browser(t)
  const session = tab()
  await session.look()
  t.equal(session.snapshot.state, 'logged-out')
  t.strictSame(server.asked, ['GET users/profile'])
})

t.test('a server that is away ends nothing', async t => {
  const { server, tab } = browser(t)
  const session = tab()
  await session.logIn('alice', 'x')
  const second = tab()
  server.away = true
  await session.look()
  t.equal(session.snapshot.state, 'logged-in')
  await second.look()
  t.match(second.snapshot, { state: 'away', account: undefined, remembered: { name: 'Alice' } })
  await t.rejects(session.logOut(), { name: 'ApiFailure', status: 0 })
  t.equal(session.snapshot.state, 'logged-in', 'nobody is told that they are logged out who are not')
  server.away = false
  await second.look()
  t.equal(second.snapshot.state, 'logged-in')
})

t.test('an answer that was under way while somebody logged in or out says nothing any more', async t => {
  const { server, shelf, tab } = browser(t)
  const session = tab()
  let deliver = () => {}
  const hold = () => { server.delivered = new Promise(resolve => { deliver = resolve }) }

  hold()
  const asStranger = session.look()
  await session.logIn('alice', 'x')
  deliver()
  await asStranger
  t.equal(session.snapshot.state, 'logged-in')
  t.equal(shelf.kept.size, 1)

  hold()
  const asAlice = session.look()
  await session.logOut()
  deliver()
  await asAlice
  t.equal(session.snapshot.state, 'logged-out')
  t.equal(shelf.kept.size, 0)

  hold()
  const another = tab()
  const beforeTheOther = another.look()
  await session.logIn('alice', 'x')
  another.heard({ key: 'headwater.account /video/' })
  const known = new Promise(resolve => another.on('change', resolve))
  deliver()
  await Promise.all([beforeTheOther, known])
  t.equal(another.snapshot.state, 'logged-in')
  t.equal(shelf.kept.size, 1, 'and the other tab is not logged out')
})

t.test('who is banned meanwhile is told', async t => {
  const { server, tab } = browser(t)
  const session = tab()
  await session.logIn('alice', 'x')
  server.banned = true
  const known = new Promise(resolve => session.on('change', resolve))
  await t.rejects(session.ask('users/profile', { method: 'PUT', body: {} }), { name: 'ApiFailure', status: 403 })
  await known
  t.match(session.snapshot, { state: 'banned', account: undefined, remembered: undefined })
})

t.test('an account that changes, and one that goes', async t => {
  const { tab } = browser(t)
  const session = tab()
  await session.logIn('alice', 'x')
  session.changed({ ...ALICE, nickname: 'Al', avatar_url: 'https://elsewhere.org/a.png' })
  t.match(session.snapshot, { account: { nickname: 'Al' }, remembered: { name: 'Al', picture: undefined } })
  t.match(tab().snapshot.remembered, { name: 'Al' })
  session.ended('deleted')
  t.strictSame(session.snapshot, { state: 'deleted', account: undefined, remembered: undefined })
})

t.test('a browser that keeps nothing', async t => {
  const { server } = browser(t)
  const broken = { getItem: () => { throw new Error('denied') }, setItem: () => { throw new Error('denied') }, removeItem: () => { throw new Error('denied') } }
  for (const shelf of [undefined, broken]) {
    const session = new Session(ROOT, new Memory(ROOT, shelf), locks())
    await session.logIn('alice', 'x')
    server.access = false
    t.match(await session.ask('users/profile'), { username: 'alice' }, 'as long as the page is open, the session is renewed')
    await session.logOut()
    t.equal(session.snapshot.state, 'logged-out')
  }
})

t.test('what is remembered', async t => {
  t.strictSame(rememberedIn('{"name":"A","picture":7}'), { name: 'A', picture: undefined })
  for (const text of [null, '', 'null', '7', '{}', '{"name":1}', '{']) t.equal(rememberedIn(text), undefined, String(text))
})
