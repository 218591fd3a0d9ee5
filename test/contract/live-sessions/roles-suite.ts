import type { Test } from 'tap'
import { ASSIGNABLE_ROLES, MATRIX, ROLES, FOR_ADMINISTRATORS, may, permissionsOf, type Action, type Standing } from '../../../plugins/live-sessions/roles.ts'
import type { Answer } from '../../fixtures/http.ts'
import type { LiveSessionsHost, Person } from '../../fixtures/live-sessions-host.ts'
import { expectBody, expectError, roomClaims } from './expect.ts'

interface Session {
  session_id: string
  invite_token?: string
}

/** docs/api/live-sessions.md 3, 5 and 6, over the wire: the matrix by its own table, roles, kicks. */
export async function rolesSuite (t: Test, host: LiveSessionsHost): Promise<void> {
  const { ask } = host
  const owner = await host.person('mentor')
  const cast: Record<Exclude<Standing, 'host'>, Person> = { co_host: await host.person(), speaker: await host.person(), viewer: await host.person(), guest: await host.person() }
  const people: Record<Standing, Person> = { ...cast, host: owner }
  const others = { admin: await host.person('admin'), mentor: await host.person('mentor') }
  const make = async (more: object = {}): Promise<Session> => expectBody(t, await ask('POST', '/sessions', owner, { title: 'Roles', ...more }), 201, 'made')
  const at = ({ session_id: id }: Session) => `/sessions/${id}`
  const join = async (session: Session, who: Person, invitation = session.invite_token) => await ask('POST', `${at(session)}/join`, who, invitation === undefined ? {} : { invite_token: invitation })
  const give = async (session: Session, to: Person, role: string, by: Person = owner) => await ask('PATCH', `${at(session)}/participants/${to.id}`, by, { role })

  /** A live session in which everybody has their role. */
  async function staged (more: object = {}): Promise<Session> {
    const session = await make(more)
    for (const role of ROLES) expectBody(t, await join(session, people[role]), 200, `${role} joins`)
    for (const role of ASSIGNABLE_ROLES) expectBody(t, await give(session, people[role], role), 200, `${role} is one`)
    expectBody(t, await ask('POST', `${at(session)}/start`, owner), 200, 'started')
    return session
  }

  /** What somebody does to find out whether they may; it makes no difference to the next. Left out: what a token says. */
  const TRIES: Partial<Record<Action, (session: Session, who: Person) => Promise<Answer>>> = {
    start: async (session, who) => await ask('POST', `${at(session)}/start`, who),
    'join public': async (session, who) => await join(session, who),
    'join private': async (session, who) => await join(session, who),
    'change roles': async (session, who) => await give(session, cast.viewer, 'viewer', who),
    kick: async (session, who) => await ask('POST', `${at(session)}/participants/999999/kick`, who),
    record: async (session, who) => await ask('POST', `${at(session)}/recording/stop`, who),
    update: async (session, who) => await ask('PATCH', at(session), who, {}),
    invite: async (session, who) => await ask('POST', `${at(session)}/invite`, who, { role: 'nobody' }),
    'see statistics': async (session, who) => await ask('GET', `${at(session)}/stats`, who)
  }

  for (const isPublic of [true, false]) {
    await t.test(`5: the matrix, in a ${isPublic ? 'public' : 'private'} session`, async t => {
      const session = await staged({ is_public: isPublic })
      for (const [action, attempt] of Object.entries(TRIES) as Array<[Action, NonNullable<typeof TRIES[Action]>]>) {
        if (action.startsWith('join') && action.endsWith('public') !== isPublic) continue
        // A target that is not there comes before the right; here it is the right that counts.
        const trying = action === 'kick' ? async (one: Session, who: Person) => await ask('POST', `${at(one)}/participants/${owner.id}/kick`, who) : attempt
        for (const standing of [...ROLES, 'guest'] as const) {
          const answer = await trying(session, people[standing])
          const allowed = may(action, { standing, isAdmin: false }, session.invite_token !== undefined)
          if (action === 'kick') t.match(answer.json.error, allowed ? /the host/ : /not allowed/, `${action} by ${standing}`)
          else t.equal(answer.status !== 403, allowed, `${action} by ${standing}: ${answer.status}`)
        }
        expectError(t, await trying(session, null as unknown as Person), 'UNAUTHORIZED', `${action} by nobody`)
        for (const [role, who] of Object.entries(others)) {
          if (action.startsWith('join')) continue
          t.equal((await trying(session, who)).status !== 403, role === 'admin' && FOR_ADMINISTRATORS.includes(action), `${action} by another ${role}`)
        }
      }
      if (!isPublic) {
        for (const standing of [...ROLES, 'guest'] as const) {
          const answer = await join(session, people[standing], '')
          if (may('join private', { standing, isAdmin: false })) expectBody(t, answer, 200, `${standing} without an invitation`)
          else expectError(t, answer, 'INVALID_INVITE_TOKEN', `${standing} without an invitation`)
        }
      }
    })
  }

  await t.test('5: who may not end or delete', async t => {
    const session = await staged({ is_public: true })
    for (const standing of [...ROLES, 'guest'] as const) {
      if (standing === 'host') continue
      expectError(t, await ask('POST', `${at(session)}/end`, people[standing]), 'FORBIDDEN', `end by ${standing}`)
      expectError(t, await ask('PATCH', at(session), people[standing], { status: 'ended' }), 'FORBIDDEN', `end by ${standing}, in another way`)
      expectError(t, await ask('DELETE', at(session), people[standing]), 'FORBIDDEN', `delete by ${standing}`)
    }
    expectError(t, await ask('POST', `${at(session)}/end`, others.admin), 'FORBIDDEN', 'end by an administrator')
    expectError(t, await ask('DELETE', at(session), others.mentor), 'FORBIDDEN', 'delete by another mentor')
    for (const action of ['end', 'delete'] as const) t.equal(MATRIX[action].host, 'yes')
    expectBody(t, await ask('POST', `${at(session)}/end`, owner), 200, 'the host may')
  })

  await t.test('5, 6: what tokens allow is what the matrix says', async t => {
    const session = await staged({ is_public: true })
    for (const role of ROLES) {
      const answer = expectBody(t, await join(session, people[role]), 200, role)
      const { canPublish, canSubscribe, canPublishData, sources } = permissionsOf(role)
      t.match(answer, { role, can_publish: canPublish, can_subscribe: canSubscribe }, role)
      const { video, attributes, sub } = roomClaims(answer.access_token, host.roomSecret)
      t.match(video, { room: session.session_id, roomJoin: true, roomAdmin: role === 'host', canPublish, canSubscribe, canPublishData }, role)
      t.strictSame(video.canPublishSources, sources.length === 0 ? undefined : sources, role)
      t.strictSame({ attributes, sub }, { attributes: { role }, sub: String(people[role].id) })
    }
  })

  await t.test('3.1 roles: who is connected has the new one at once, and later tokens too', async t => {
    const session = await make({ is_public: true })
    const user = await host.person()
    const visitor = await host.visit(expectBody(t, await join(session, user), 200, 'joined'))
    t.equal(visitor.canPublish(), false)
    t.strictSame(expectBody(t, await give(session, user, 'speaker'), 200, 'speaker'), { message: 'Participant role updated to speaker' })
    await visitor.until(() => visitor.canPublish() && visitor.attributes().role === 'speaker')
    t.equal(visitor.canPublishData(), true, 'what they had stays')
    t.match(expectBody(t, await join(session, user), 200, 'again'), { role: 'speaker', can_publish: true })
    for (const spelling of ['co-host', 'cohost', 'co_host']) t.strictSame(expectBody(t, await give(session, user, spelling), 200, spelling), { message: 'Participant role updated to co_host' })
    await visitor.until(() => visitor.attributes().role === 'co_host')
    expectBody(t, await give(session, user, 'viewer', user), 200, 'a co-host may take it from themselves')
    await visitor.until(() => !visitor.canPublish() && visitor.attributes().role === 'viewer')
    t.equal(visitor.isConnected(), true)
    visitor.leave()
    await host.until(`${at(session)}/stats`, owner, ({ participants }) => !participants[0].is_present)
    expectBody(t, await give(session, user, 'speaker'), 200, 'also of who is not there')
    t.match(expectBody(t, await join(session, user), 200, 'comes again'), { role: 'speaker' })
  })

  await t.test('3.1 roles: an old token gives nothing back', async t => {
    const session = await make({ is_public: true })
    const user = await host.person()
    await join(session, user)
    await give(session, user, 'speaker')
    const old = expectBody(t, await join(session, user), 200, 'a speaker')
    await give(session, user, 'viewer')
    const visitor = await host.visit(old)
    await visitor.until(() => !visitor.canPublish() && visitor.attributes().role === 'viewer')
    t.strictSame([visitor.canPublish(), visitor.attributes().role], [false, 'viewer'], 'corrected as soon as they are there')
  })

  await t.test('3.1 roles: what is wrong, in this order', async t => {
    const session = await staged({ is_public: true })
    const patch = async (who: Person | null, id: number | string, body?: object) => await ask('PATCH', `${at(session)}/participants/${id}`, who, body)
    expectError(t, await patch(null, cast.viewer.id, { role: 'x' }), 'UNAUTHORIZED', 'nobody')
    for (const id of [999_999, cast.guest.id, 'x', '0', '-1', '1.5', '%00']) expectError(t, await patch(owner, id, { role: 'x' }), 'NOT_FOUND', `no participant ${id}`)
    for (const who of [cast.viewer, cast.speaker, cast.guest, others.admin]) expectError(t, await patch(who, cast.viewer.id, { role: 'x' }), 'FORBIDDEN', 'who may not')
    for (const who of [owner, cast.co_host]) expectError(t, await patch(who, owner.id, { role: 'viewer' }), 'FORBIDDEN', 'nobody changes the host')
    for (const role of ['host', 'admin', 'guest', '', 7, null, undefined]) expectError(t, await patch(owner, cast.viewer.id, { role }), 'VALIDATION_ERROR', `role ${role}`)
    expectBody(t, await patch(cast.co_host, cast.speaker.id, { role: 'co_host' }), 200, 'a co-host makes another')
    expectBody(t, await patch(cast.speaker, cast.co_host.id, { role: 'viewer' }), 200, 'who may do the same to them')
    expectError(t, await patch(cast.co_host, cast.viewer.id, { role: 'viewer' }), 'FORBIDDEN', 'which counts at once')
    await ask('POST', `${at(session)}/end`, owner)
    expectError(t, await patch(owner, cast.viewer.id, { role: 'speaker' }), 'INVALID_STATE', 'it is over')
  })

  await t.test('3.2 kick: gone, for good, with any token', async t => {
    const session = await make()
    const user = await host.person()
    const answer = expectBody(t, await join(session, user), 200, 'joined')
    const visitor = await host.visit(answer)
    await host.until(at(session), owner, ({ current_viewers: viewers }) => viewers === 1)
    t.strictSame(expectBody(t, await ask('POST', `${at(session)}/participants/${user.id}/kick`, owner), 200, 'removed'), { message: 'Participant removed from session' })
    await visitor.until(() => !visitor.isConnected())
    t.match(expectBody(t, await ask('GET', at(session), owner), 200, 'nobody is there'), { current_viewers: 0 })
    expectError(t, await join(session, user), 'FORBIDDEN', 'the invitation is good, they are not')
    expectError(t, await ask('POST', `${at(session)}/join`, user, { invite_token: 'x', display_name: 7 }), 'FORBIDDEN', 'before all else')
    const again = await host.visit(answer)
    await again.until(() => !again.isConnected())
    t.match(expectBody(t, await ask('GET', `${at(session)}/stats`, owner), 200, 'with the old token they do not count'), { current_viewers: 0, peak_viewers: 1, total_participants: 1 })
    expectError(t, await give(session, user, 'speaker'), 'NOT_FOUND', 'they are no participant any more')
    expectBody(t, await ask('POST', `${at(session)}/participants/${user.id}/kick`, owner), 200, 'once more does no harm')
  })

  await t.test('3.2 kick: what is wrong, in this order', async t => {
    const session = await staged({ is_public: true })
    const kick = async (who: Person | null, id: number | string) => await ask('POST', `${at(session)}/participants/${id}/kick`, who)
    expectError(t, await kick(null, cast.viewer.id), 'UNAUTHORIZED', 'nobody')
    for (const id of [999_999, cast.guest.id, 'x']) expectError(t, await kick(owner, id), 'NOT_FOUND', `no participant ${id}`)
    for (const who of [owner, cast.co_host]) expectError(t, await kick(who, owner.id), 'FORBIDDEN', 'nobody removes the host')
    expectBody(t, await kick(owner, cast.co_host.id), 200, 'a co-host')
    expectError(t, await kick(cast.co_host, cast.viewer.id), 'FORBIDDEN', 'who can do nothing any more')
    await ask('POST', `${at(session)}/end`, owner)
    expectError(t, await kick(owner, cast.viewer.id), 'INVALID_STATE', 'it is over')
  })
}
