import { randomUUID } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'
import type { Test } from 'tap'
import type { LiveSessionsHost, Person } from '../../fixtures/live-sessions-host.ts'
import { expectBody, expectError, roomClaims, WHOLE_SECONDS } from './expect.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** docs/api/live-sessions.md 1 and 2, over the wire. */
export async function sessionsSuite (t: Test, host: LiveSessionsHost): Promise<void> {
  const { ask, url } = host
  const mentor = await host.person('mentor')
  const admin = await host.person('admin')
  const user = await host.person()
  const make = async (body: object = {}, who: Person = mentor) => expectBody(t, await ask('POST', '/sessions', who, { title: 'Session', ...body }), 201, 'made')
  const isLocal = host.standIn === undefined

  await t.test('2.1 create: what it takes and answers', async t => {
    const body = { title: 'React 高级技巧 - 实时编程', description: '深入讲解 React Hooks\n和性能优化', session_type: 'workshop', max_participants: 100, is_public: true, is_recorded: true, scheduled_at: '2025-12-27T16:00:00.500+01:00' }
    const made = expectBody(t, await ask('POST', '/sessions', mentor, body), 201, 'a public one')
    t.match(made, { session_id: UUID, invite_link: `${url}/live/${made.session_id}`, host_token: String, created_at: WHOLE_SECONDS, message: 'Live session created successfully' })
    t.strictSame(Object.keys(made).sort(), ['created_at', 'host_token', 'invite_link', 'message', 'session_id'], 'and nothing else')
    t.match(roomClaims(made.host_token, host.roomSecret), { sub: String(mentor.id), name: mentor.username, attributes: { role: 'host' }, video: { room: made.session_id, roomJoin: true, roomAdmin: true, canPublish: true, canSubscribe: true, canPublishData: true } })
    const { exp, nbf } = roomClaims(made.host_token, host.roomSecret)
    t.equal(exp - nbf, 6 * 3_600, 'the host can connect for six hours')

    const seen = expectBody(t, await ask('GET', `/sessions/${made.session_id}`), 200, 'anybody sees it')
    t.strictSame({ ...seen, id: 0, created_at: '' }, {
      id: 0,
      session_id: made.session_id,
      title: body.title,
      description: body.description,
      session_type: 'workshop',
      status: 'scheduled',
      max_participants: 100,
      current_viewers: 0,
      is_public: true,
      is_recorded: true,
      owner_id: mentor.id,
      owner_name: mentor.username,
      scheduled_at: '2025-12-27T15:00:00Z',
      started_at: null,
      ended_at: null,
      created_at: '',
      is_recording: false,
      recording_url: null
    })
    t.type(seen.id, 'number')
    t.equal(seen.created_at, made.created_at)
  })

  await t.test('2.1 create: defaults, and a private session with its invitation', async t => {
    const made = expectBody(t, await ask('POST', '/sessions', admin, { title: 'x' }), 201, 'an administrator, with a title alone')
    t.equal(made.invite_link, `${url}/live/${made.session_id}?invite_token=${made.invite_token}`)
    const { sub, aud, typ, exp } = jsonwebtoken.decode(made.invite_token) as Record<string, unknown>
    t.strictSame({ sub, aud, typ, exp }, { sub: made.session_id, aud: 'live-invite', typ: 'invite', exp: undefined })
    const seen = expectBody(t, await ask('GET', `/sessions/${made.session_id}`, admin), 200, 'its owner sees it')
    t.match(seen, { description: null, session_type: 'teaching', max_participants: 50, is_public: false, is_recorded: false, scheduled_at: null, invite_link: made.invite_link, invite_token: made.invite_token })
    t.match(expectBody(t, await ask('POST', '/sessions', mentor, { title: 'x', description: null, scheduled_at: null }), 201, 'null is as left out'), { session_id: UUID })
  })

  await t.test('2.1 create: who may, and what is wrong, in this order', async t => {
    expectError(t, await ask('POST', '/sessions', null, { title: '' }), 'UNAUTHORIZED', 'nobody, and a bad body')
    expectError(t, await ask('POST', '/sessions', user, { title: '' }), 'FORBIDDEN', 'a user, and a bad body')
    expectError(t, await ask('POST', '/sessions', user, { title: 'x' }), 'FORBIDDEN', 'a user')
    const BAD: Array<[body: object, field: string]> = [
      [{}, 'title'], [{ title: '' }, 'title'], [{ title: '  ' }, 'title'], [{ title: 'x'.repeat(201) }, 'title'], [{ title: 7 }, 'title'], [{ title: null }, 'title'], [{ title: 'a\nb' }, 'title'], [{ title: 'a\u0000b' }, 'title'],
      [{ title: 'x', description: 'a\u0000b' }, 'description'], [{ title: 'x', description: 7 }, 'description'], [{ title: 'x', session_type: 'party' }, 'session_type'],
      ...[0, 10_001, 1.5, '100', null].map((value): [object, string] => [{ title: 'x', max_participants: value }, 'max_participants']),
      [{ title: 'x', is_public: 'true' }, 'is_public'], [{ title: 'x', is_recorded: 1 }, 'is_recorded'],
      ...['tomorrow', '2025-12-27', '2025-13-27T15:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59-01:00', '2025-12-31T23:59:60Z', 7].map((value): [object, string] => [{ title: 'x', scheduled_at: value }, 'scheduled_at'])
    ]
    for (const [body, field] of BAD) {
      const answer = await ask('POST', '/sessions', mentor, body)
      expectError(t, answer, 'VALIDATION_ERROR', JSON.stringify(body).slice(0, 80))
      t.strictSame([...new Set(answer.json.fields.map((one: { field: string }) => one.field))], [field])
    }
    expectError(t, await ask('POST', '/sessions', mentor, undefined, { headers: { 'content-type': 'application/json' }, body: '{"title":' }), 'VALIDATION_ERROR', 'no JSON')
    expectError(t, await ask('POST', '/sessions', mentor), 'VALIDATION_ERROR', 'nothing')
    expectError(t, await ask('POST', '/sessions', mentor, { title: 'x', description: 'x'.repeat(70_000) }), 'PAYLOAD_TOO_LARGE', 'too much')
    expectBody(t, await ask('POST', '/sessions', mentor, { title: '課'.repeat(200), max_participants: 10_000, more: true }), 201, 'as much as may be')
  })

  await t.test('1: the cookie is as good as the bearer token, but not for pages of others', async t => {
    const { session_id: id } = await make()
    const cookie = async (method: string, headers: Record<string, string> = {}) => await ask(method, `/sessions/${id}`, null, { title: 'By cookie' }, { headers: { ...mentor.cookie, ...headers } })
    expectBody(t, await cookie('PATCH'), 200, 'no browser')
    expectBody(t, await cookie('PATCH', { origin: url }), 200, 'the own page')
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) expectError(t, await cookie('PATCH', headers as Record<string, string>), 'FORBIDDEN', JSON.stringify(headers))
    expectBody(t, await ask('GET', `/sessions/${id}`, null, undefined, { headers: { ...mentor.cookie, origin: 'https://evil.example' } }), 200, 'who only looks changes nothing')
    const preflight = await ask('OPTIONS', `/sessions/${id}`, null, undefined, { headers: { origin: 'https://evil.example', 'access-control-request-method': 'PATCH' } })
    t.match(preflight.headers, { vary: 'Origin', 'access-control-allow-origin': undefined }, 'pages of others do not read the answer')
  })

  await t.test('1: what no route matches is answered in this envelope', async t => {
    for (const [method, path] of [['GET', '/nothing'], ['GET', '/sessions/a/b/c'], ['PUT', '/sessions']] as const) expectError(t, await ask(method, path), 'NOT_FOUND', `${method} ${path}`)
  })

  await t.test('2.3 details: a private session', async t => {
    const { session_id: id, invite_token: token } = await make()
    const other = await make()
    const get = async (who: Person | null, query = '', headers: Record<string, string> = {}) => await ask('GET', `/sessions/${id}${query}`, who, undefined, { headers })
    expectError(t, await get(null), 'UNAUTHORIZED', 'nobody')
    expectError(t, await get(null, `?invite_token=${token}`), 'UNAUTHORIZED', 'nobody, with an invitation')
    expectError(t, await get(user), 'INVALID_INVITE_TOKEN', 'no invitation')
    for (const wrong of [other.invite_token, 'nonsense', '']) expectError(t, await get(user, `?invite_token=${wrong}`), 'INVALID_INVITE_TOKEN', 'a wrong one')
    expectError(t, await get(user, `?invite_token=${token}&invite_token=${token}`), 'INVALID_INVITE_TOKEN', 'two of them')
    const seen = expectBody(t, await get(user, `?invite_token=${token}`), 200, 'in the query')
    t.notHas(seen, 'invite_token', 'others are not told of it')
    t.notHas(seen, 'invite_link')
    expectBody(t, await get(user, '', { 'x-invite-token': token }), 200, 'in a header')
    t.notHas(expectBody(t, await get(admin), 200, 'an administrator needs none'), 'invite_token')
    expectBody(t, await get(mentor), 200, 'nor the owner')
    for (const unknown of [randomUUID(), 'x', '1', 'x'.repeat(90), '%00', "';--"]) {
      for (const who of [null, user]) expectError(t, await ask('GET', `/sessions/${unknown}`, who), 'NOT_FOUND', unknown)
    }
  })

  await t.test('a new invitation voids those before it', async t => {
    const { session_id: id, invite_token: first } = await make()
    const renewed = expectBody(t, await ask('POST', `/sessions/${id}/invite`, mentor), 200, 'renewed')
    t.equal(renewed.invite_link, `${url}/live/${id}?invite_token=${renewed.invite_token}`)
    expectError(t, await ask('POST', `/sessions/${id}/join`, user, { invite_token: first }), 'INVALID_INVITE_TOKEN', 'the old one')
    expectError(t, await ask('GET', `/sessions/${id}?invite_token=${first}`, user), 'INVALID_INVITE_TOKEN', 'also for looking')
    t.match(expectBody(t, await ask('POST', `/sessions/${id}/join`, user, { invite_token: renewed.invite_token }), 200, 'the new one'), { role: 'viewer' })
    expectBody(t, await ask('POST', `/sessions/${id}/invite`, mentor), 200, 'once more')
    expectBody(t, await ask('GET', `/sessions/${id}`, user), 200, 'who has come sees it whatever the invitation is')
    expectError(t, await ask('POST', `/sessions/${id}/join`, user, { invite_token: renewed.invite_token }), 'INVALID_INVITE_TOKEN', 'and needs the new one to come again')
    const speaker = expectBody(t, await ask('POST', `/sessions/${id}/invite`, mentor, { role: 'speaker' }), 200, 'for a speaker')
    const guest = await host.person()
    t.match(expectBody(t, await ask('POST', `/sessions/${id}/join`, guest, speaker), 200, 'comes as one'), { role: 'speaker', can_publish: true })
    t.match(expectBody(t, await ask('POST', `/sessions/${id}/join`, user, speaker), 200, 'who was there before stays what they are'), { role: 'viewer', can_publish: false })
    expectError(t, await ask('POST', `/sessions/${id}/invite`, mentor, { role: 'co_host' }), 'VALIDATION_ERROR', 'links make no co-hosts')
    expectError(t, await ask('POST', `/sessions/${(await make({ is_public: true })).session_id}/invite`, mentor), 'INVALID_STATE', 'a public session needs none')
  })

  await t.test('of invitations that are renewed at once the last one is good, and no other', async t => {
    const { session_id: id } = await make()
    const renewed = await Promise.all(Array.from({ length: 4 }, async () => expectBody(t, await ask('POST', `/sessions/${id}/invite`, mentor), 200, 'renewed').invite_token))
    const { invite_token: kept } = expectBody(t, await ask('GET', `/sessions/${id}`, mentor), 200, 'details')
    const answers = await Promise.all(renewed.map(async token => ({ token, status: (await ask('GET', `/sessions/${id}?invite_token=${token}`, user)).status })))
    t.strictSame(answers.filter(({ status }) => status === 200).map(({ token }) => token), [kept])
  })

  await t.test('2.2 join: what it takes and answers', async t => {
    const { session_id: id, invite_token: token } = await make()
    const join = async (who: Person | null, body?: object) => await ask('POST', `/sessions/${id}/join`, who, body)
    const joined = expectBody(t, await join(user, { session_id: id, invite_token: token, display_name: 'John Doe' }), 200, 'joined')
    t.match(joined, { session_id: id, access_token: String, role: 'viewer', can_publish: false, can_subscribe: true, message: 'Joined session successfully' })
    t.equal(joined.server_url, isLocal ? url.replace('http', 'ws') : host.standIn!.url.replace('http', 'ws'))
    t.strictSame(Object.keys(joined).sort(), ['access_token', 'can_publish', 'can_subscribe', 'message', ...isLocal ? ['playback_url'] : [], 'role', 'server_url', 'session_id', ...isLocal ? ['socket_path'] : []])
    const claims = roomClaims(joined.access_token, host.roomSecret)
    t.match(claims, { sub: String(user.id), name: 'John Doe', attributes: { role: 'viewer' }, video: { room: id, roomJoin: true, roomAdmin: false, canPublish: false, canSubscribe: true, canPublishData: true } })
    t.notHas(claims.video, 'roomCreate', 'nobody may make or delete rooms')
    t.equal(claims.exp - claims.nbf, 600, 'one can connect for ten minutes')
    t.equal(roomClaims(expectBody(t, await join(user, { invite_token: token }), 200, 'again').access_token, host.roomSecret).name, user.username, 'the name of the account, where none is given')

    const asHost = expectBody(t, await join(mentor), 200, 'the owner, with nothing at all')
    t.match(asHost, { role: 'host', can_publish: true, stream_key: isLocal ? `live-${id}` : undefined })
    const hostClaims = roomClaims(asHost.access_token, host.roomSecret)
    t.match(hostClaims, { sub: String(mentor.id), video: { roomAdmin: true, canPublish: true } })
    t.equal(hostClaims.exp - hostClaims.nbf, 6 * 3_600)
  })

  await t.test('2.2 join: what is wrong, in this order', async t => {
    const { session_id: id, invite_token: token } = await make()
    const open = await make({ is_public: true })
    const over = await make({ is_public: true })
    expectBody(t, await ask('PATCH', `/sessions/${over.session_id}`, mentor, { status: 'cancelled' }), 200, 'cancelled')
    const join = async (who: Person | null, body: object = {}, session = id) => await ask('POST', `/sessions/${session}/join`, who, body)
    expectError(t, await join(null, { invite_token: token }), 'UNAUTHORIZED', 'nobody')
    expectError(t, await join(null, {}, randomUUID()), 'UNAUTHORIZED', 'nobody, nowhere')
    expectError(t, await join(user, { display_name: 7 }, randomUUID()), 'NOT_FOUND', 'nowhere')
    for (const invite of [undefined, '', 'nonsense', 7, null, (await make()).invite_token]) expectError(t, await join(user, { invite_token: invite, display_name: 7 }), 'INVALID_INVITE_TOKEN', `invitation ${String(invite).slice(0, 8)}`)
    expectError(t, await join(admin), 'INVALID_INVITE_TOKEN', 'an administrator without an invitation')
    for (const body of [{ display_name: 7 }, { display_name: '' }, { display_name: ' ' }, { display_name: 'x'.repeat(101) }, { display_name: 'a\u0000' }, { session_id: randomUUID() }, { session_id: 7 }]) {
      expectError(t, await join(user, { invite_token: token, ...body }), 'VALIDATION_ERROR', JSON.stringify(body).slice(0, 40))
    }
    for (const body of [[], 'text', null]) expectError(t, await ask('POST', `/sessions/${open.session_id}/join`, user, undefined, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }), 'VALIDATION_ERROR', JSON.stringify(body))
    expectError(t, await join(user, { display_name: 7 }, over.session_id), 'VALIDATION_ERROR', 'a bad body comes before the state')
    expectError(t, await join(user, {}, over.session_id), 'INVALID_STATE', 'cancelled')
    expectError(t, await join(mentor, {}, over.session_id), 'INVALID_STATE', 'for the owner too')
    expectBody(t, await join(user, { display_name: 'Ada 👩‍🚀' }, open.session_id), 200, 'a public one, before its start')
  })

  await t.test('2.2 join: a full session', async t => {
    const { session_id: id } = await make({ is_public: true, max_participants: 2 })
    const join = async (who: Person) => await ask('POST', `/sessions/${id}/join`, who, {})
    const people = await Promise.all(Array.from({ length: 5 }, async () => await host.person()))
    const answers = await Promise.all(people.map(join))
    t.strictSame(answers.map(({ status }) => status).sort(), [200, 200, 409, 409, 409], 'of five at once two get in')
    for (const answer of answers.filter(({ status }) => status === 409)) expectError(t, answer, 'SESSION_FULL', 'the others')
    expectBody(t, await join(mentor), 200, 'the owner always does')
    const inside = people.filter((_, index) => answers[index]!.status === 200)
    const outside = people.find((_, index) => answers[index]!.status === 409)!
    expectBody(t, await join(inside[0]!), 200, 'who has a place keeps it')
    expectBody(t, await ask('POST', `/sessions/${id}/leave`, inside[0]!), 200, 'one goes')
    expectBody(t, await join(outside), 200, 'another comes')
    expectError(t, await join(inside[0]!), 'SESSION_FULL', 'and whoever went waits')
  })

  await t.test('2.4 list: who sees what, filters, order and pages', async t => {
    const owner = await host.person('mentor')
    const member = await host.person()
    const stranger = await host.person()
    const titled = async (title: string, more: object = {}) => (await make({ title, ...more }, owner)) as { session_id: string, invite_token?: string }
    const shown = async (who: Person | null, query = '') => expectBody(t, await ask('GET', `/sessions?owner_id=${owner.id}${query}`, who), 200, query)
    const titles = async (who: Person | null, query = '') => (await shown(who, query)).sessions.map((one: { title: string }) => one.title)
    await titled('later', { is_public: true, scheduled_at: '2031-01-02T00:00:00Z' })
    const early = await titled('early', { is_public: true, scheduled_at: '2020-01-01T00:00:00Z', session_type: 'coding' })
    await titled('sooner', { is_public: true, scheduled_at: '2031-01-01T00:00:00Z' })
    const secret = await titled('private', { scheduled_at: '2030-01-01T00:00:00Z' })
    await titled('unseen')
    const gone = await titled('gone', { is_public: true })
    await ask('DELETE', `/sessions/${gone.session_id}`, owner)
    expectBody(t, await ask('POST', `/sessions/${secret.session_id}/join`, member, { invite_token: secret.invite_token }), 200, 'joined')

    t.strictSame(await titles(null), ['later', 'sooner', 'early'], 'nobody: public ones, the latest first')
    t.strictSame(await titles(stranger), ['later', 'sooner', 'early'])
    t.strictSame(await titles(member), ['later', 'sooner', 'private', 'early'], 'a member: what they joined too')
    t.strictSame(await titles(owner), ['later', 'sooner', 'private', 'unseen', 'early'], 'the owner: all of them; without a time that of its making counts')
    t.strictSame(await titles(admin), await titles(owner), 'an administrator too')
    t.strictSame(await titles(null, '&is_public=false'), [])
    t.strictSame(await titles(owner, '&is_public=false'), ['private', 'unseen'])
    t.strictSame(await titles(owner, '&session_type=coding'), ['early'])
    t.strictSame(await titles(member, '&joined=true'), ['private'], 'added: those that one took part in')
    for (const who of [owner, stranger, null]) t.strictSame(await titles(who, '&joined=true'), [], "no others, nor one's own")

    expectBody(t, await ask('POST', `/sessions/${early.session_id}/start`, owner), 200, 'started')
    t.strictSame(await titles(null), ['early', 'later', 'sooner'], 'what is live comes first')
    t.strictSame(await titles(null, '&status=live'), ['early'])
    t.strictSame(await titles(null, '&status=scheduled'), ['later', 'sooner'])

    const page = await shown(owner, '&page=2&page_size=2')
    t.match(page, { total_count: 5, page: 2, page_size: 2, total_pages: 3 })
    t.strictSame(page.sessions.map((one: { title: string }) => one.title), ['sooner', 'private'])
    t.match(await shown(owner), { page: 1, page_size: 20, total_pages: 1 })
    t.match(await shown(owner, '&page_size=500'), { page_size: 100 }, 'more than a hundred are a hundred')
    t.match(await shown(stranger, '&page=9'), { sessions: [], total_count: 3, total_pages: 1 })
    t.match(expectBody(t, await ask('GET', '/sessions?owner_id=999999'), 200, 'nobody has any'), { sessions: [], total_count: 0, total_pages: 0 })
    const [listed] = (await shown(owner)).sessions
    t.strictSame(Object.keys(listed).sort(), ['created_at', 'current_viewers', 'ended_at', 'id', 'is_public', 'is_recorded', 'max_participants', 'owner_id', 'owner_name', 'scheduled_at', 'session_id', 'session_type', 'started_at', 'status', 'title'])

    await host.ask('POST', `/sessions/${secret.session_id}/participants/${member.id}/kick`, owner)
    t.strictSame(await titles(member), ['early', 'later', 'sooner'], 'who was removed does not see it any more')
    for (const query of ['status=over', 'session_type=party', 'is_public=maybe', 'joined=maybe', 'owner_id=x', 'owner_id=0', 'page=0', 'page=x', 'page_size=0', 'page=1.5', 'status=live&status=ended']) expectError(t, await ask('GET', `/sessions?${query}`), 'VALIDATION_ERROR', query)
  })

  await t.test('2.5 to 2.7: the life of a session', async t => {
    const { session_id: id } = await make({ is_public: true })
    const at = `/sessions/${id}`
    expectError(t, await ask('POST', `${at}/end`, mentor), 'INVALID_STATE', 'it has not begun')
    t.strictSame(expectBody(t, await ask('PATCH', at, mentor, { title: 'Neu', description: 'Text', scheduled_at: '2025-12-28T15:00:00Z' }), 200, 'changed'), { message: 'Session updated successfully' })
    t.match(expectBody(t, await ask('GET', at), 200, 'it is'), { title: 'Neu', description: 'Text', scheduled_at: '2025-12-28T15:00:00Z', status: 'scheduled' })
    expectBody(t, await ask('PATCH', at, mentor, { description: null, scheduled_at: null }), 200, 'to nothing')
    expectBody(t, await ask('PATCH', at, mentor, {}), 200, 'not at all')
    t.match(expectBody(t, await ask('GET', at), 200, 'it is'), { title: 'Neu', description: null, scheduled_at: null })

    const started = expectBody(t, await ask('POST', `${at}/start`, mentor), 200, 'started')
    t.strictSame(started, { session_id: id, status: 'live', started_at: started.started_at, message: 'Session started successfully' })
    t.match(started.started_at, WHOLE_SECONDS)
    t.strictSame(expectBody(t, await ask('POST', `${at}/start`, mentor), 200, 'again'), started)
    t.match(expectBody(t, await ask('GET', at), 200, 'it is'), { status: 'live', started_at: started.started_at, ended_at: null })
    expectBody(t, await ask('PATCH', at, mentor, { status: 'live' }), 200, 'the same')
    expectError(t, await ask('PATCH', at, mentor, { status: 'scheduled', title: 'No' }), 'INVALID_STATE', 'not back')
    expectError(t, await ask('PATCH', at, mentor, { status: 'cancelled' }), 'INVALID_STATE', 'too late to cancel')
    t.match(expectBody(t, await ask('GET', at), 200, 'it is'), { title: 'Neu' }, 'what is refused changes nothing')

    const ended = expectBody(t, await ask('POST', `${at}/end`, mentor), 200, 'ended')
    t.strictSame(ended, { session_id: id, status: 'ended', ended_at: ended.ended_at, duration: (Date.parse(ended.ended_at) - Date.parse(started.started_at)) / 1_000, recording_url: null, message: 'Session ended successfully' })
    t.strictSame(expectBody(t, await ask('POST', `${at}/end`, mentor), 200, 'again'), ended)
    t.match(expectBody(t, await ask('GET', at), 200, 'it is'), { status: 'ended', ended_at: ended.ended_at })
    expectError(t, await ask('POST', `${at}/start`, mentor), 'INVALID_STATE', 'it is over')
    for (const path of ['/join', '/recording/start', '/recording/stop', '/invite']) expectError(t, await ask('POST', `${at}${path}`, mentor, {}), 'INVALID_STATE', path)
    expectBody(t, await ask('PATCH', at, mentor, { title: 'Over' }), 200, 'its title can be changed all the same')
  })

  await t.test('2.5 update: a status is as the route of that step', async t => {
    const { session_id: id } = await make({ is_public: true })
    expectBody(t, await ask('PATCH', `/sessions/${id}`, mentor, { status: 'live', title: 'Both' }), 200, 'live')
    t.match(expectBody(t, await ask('GET', `/sessions/${id}`), 200, 'it is'), { status: 'live', title: 'Both', started_at: WHOLE_SECONDS })
    expectBody(t, await ask('PATCH', `/sessions/${id}`, mentor, { status: 'ended' }), 200, 'ended')
    t.match(expectBody(t, await ask('GET', `/sessions/${id}`), 200, 'it is'), { status: 'ended', ended_at: WHOLE_SECONDS })
    for (const status of ['scheduled', 'live', 'cancelled']) expectError(t, await ask('PATCH', `/sessions/${id}`, mentor, { status }), 'INVALID_STATE', `from ended to ${status}`)
    const other = await make()
    expectError(t, await ask('PATCH', `/sessions/${other.session_id}`, mentor, { status: 'ended' }), 'INVALID_STATE', 'from scheduled to ended')
    expectBody(t, await ask('PATCH', `/sessions/${other.session_id}`, mentor, { status: 'cancelled' }), 200, 'cancelled')
    for (const status of ['scheduled', 'live', 'ended']) expectError(t, await ask('PATCH', `/sessions/${other.session_id}`, mentor, { status }), 'INVALID_STATE', `from cancelled to ${status}`)
    for (const body of [{ status: 'over' }, { title: '' }, { title: null }, { scheduled_at: 'x' }]) expectError(t, await ask('PATCH', `/sessions/${other.session_id}`, mentor, body), 'VALIDATION_ERROR', JSON.stringify(body))
  })

  await t.test('of several starts and ends at once one counts', async t => {
    const { session_id: id } = await make({ is_recorded: true })
    const starts = await Promise.all(Array.from({ length: 4 }, async () => await ask('POST', `/sessions/${id}/start`, mentor)))
    t.strictSame(starts.map(({ status, json }) => [status, json.started_at]), Array(4).fill([200, starts[0]!.json.started_at]))
    t.equal(host.recordings.all.filter(({ of }) => of.id === id).length, 1, 'one recording')
    const ends = await Promise.all(Array.from({ length: 4 }, async () => await ask('POST', `/sessions/${id}/end`, mentor)))
    t.strictSame(ends.map(({ status, json }) => [status, json.ended_at]), Array(4).fill([200, ends[0]!.json.ended_at]))
  })

  await t.test('2.9 delete', async t => {
    const live = await make({ is_public: true, is_recorded: true })
    const at = `/sessions/${live.session_id}`
    await ask('POST', `${at}/start`, mentor)
    await ask('POST', `${at}/join`, user, {})
    t.strictSame(expectBody(t, await ask('DELETE', at, mentor), 200, 'a live one'), { message: 'Session deleted successfully' })
    for (const [method, path, body] of [['GET', '', undefined], ['PATCH', '', {}], ['DELETE', '', undefined], ['POST', '/start', {}], ['POST', '/end', {}], ['POST', '/join', {}], ['POST', '/leave', {}], ['GET', '/stats', undefined], ['POST', '/recording/start', {}], ['POST', '/recording/stop', {}], ['PATCH', `/participants/${user.id}`, { role: 'speaker' }], ['POST', `/participants/${user.id}/kick`, {}]] as const) {
      expectError(t, await ask(method, `${at}${path}`, mentor, body), 'NOT_FOUND', `${method} ${path}`)
    }
    t.match(host.recordings.all.find(({ of }) => of.id === live.session_id), { state: 'processing' }, 'its recording was stopped')
    expectBody(t, await ask('DELETE', `/sessions/${(await make()).session_id}`, admin), 200, 'an administrator, of somebody else')
  })

  await t.test('secrets are in no line of the log', async t => {
    const { session_id: id, invite_token: invite, host_token: token } = await make()
    const { access_token: access } = expectBody(t, await ask('POST', `/sessions/${id}/join`, user, { invite_token: invite }), 200, 'joined')
    await ask('GET', `/sessions/${id}?invite_token=${invite}`, user)
    await ask('GET', `/sessions/${id}x?invite_token=${invite}`, user)
    for (const secret of [invite, token, access]) t.strictSame(host.lines.filter(line => line.includes(secret)), [])
  })
}
