import { randomBytes, randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import t from 'tap'
import { errorBody } from '../../../plugins/live-sessions/envelope.ts'
import { Invitations } from '../../../plugins/live-sessions/invitations.ts'
import { readTime } from '../../../plugins/live-sessions/moment.ts'
import { PlaybackTickets } from '../../../plugins/live-sessions/playback-tickets.ts'
import { canPublish, isRoomAdmin, MATRIX, may, permissionsOf, ROLES, type Action, type Role } from '../../../plugins/live-sessions/roles.ts'
import { durationOf, secondsBetween } from '../../../plugins/live-sessions/session.ts'
import { afterStep, STATUSES, stepTo, type Status, type Step } from '../../../plugins/live-sessions/session-state.ts'
import { userIdOf } from '../../../plugins/live-sessions/session-rooms.ts'
import { afterConnection, afterDisconnection, afterStay, type Stay } from '../../../plugins/live-sessions/stay.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { ALL_PERMISSIONS } from '../../../src/rooms/provider.ts'

const ACTIONS = Object.keys(MATRIX) as Action[]
const codeOf = (call: () => unknown) => {
  try {
    return call()
  } catch (error) {
    return (error as HeadwaterError).code
  }
}

/** docs/api/live-sessions.md, 5, as it stands there. */
const DOCUMENTED: Array<[action: Action, ...Record<Role, boolean>[]]> = [
  ['start', { host: true, co_host: false, speaker: false, viewer: false }],
  ['end', { host: true, co_host: false, speaker: false, viewer: false }],
  ['join public', { host: true, co_host: true, speaker: true, viewer: true }],
  ['join private', { host: true, co_host: false, speaker: false, viewer: false }],
  ['publish', { host: true, co_host: true, speaker: true, viewer: false }],
  ['share screen', { host: true, co_host: true, speaker: true, viewer: false }],
  ['change roles', { host: true, co_host: true, speaker: false, viewer: false }],
  ['kick', { host: true, co_host: true, speaker: false, viewer: false }],
  ['record', { host: true, co_host: false, speaker: false, viewer: false }],
  ['chat', { host: true, co_host: true, speaker: true, viewer: true }]
]

t.test('the matrix is that of the contract', async t => {
  for (const [action, allowed] of DOCUMENTED) {
    for (const role of ROLES) t.equal(may(action, { standing: role, isAdmin: false }), allowed![role], `${action} by ${role}`)
  }
  for (const standing of [...ROLES, 'guest'] as const) t.equal(may('join private', { standing, isAdmin: false }, true), true, `${standing} with an invitation`)
  t.equal(may('join private', { standing: 'guest', isAdmin: true }), false, 'administrators need one too')
  t.equal(may('join public', { standing: 'guest', isAdmin: false }), true)
})

t.test('rights only grow from role to role, and administrators have two more', async t => {
  for (const action of ACTIONS) {
    const rights = [...ROLES, 'guest' as const].map(standing => may(action, { standing, isAdmin: false }))
    if (!action.startsWith('join')) t.strictSame(rights, [...rights].sort().reverse(), action)
    const isMore = may(action, { standing: 'guest', isAdmin: true }) && !may(action, { standing: 'guest', isAdmin: false })
    t.equal(isMore, action === 'see statistics' || action === 'delete', `${action} by an administrator`)
  }
})

t.test('permissions of the room come of the matrix', async t => {
  t.strictSame(permissionsOf('host'), ALL_PERMISSIONS)
  t.strictSame(permissionsOf('co_host'), ALL_PERMISSIONS)
  t.strictSame(permissionsOf('speaker'), { canPublish: true, sources: ['camera', 'microphone', 'screen_share', 'screen_share_audio'], canSubscribe: true, canPublishData: true })
  t.strictSame(permissionsOf('viewer'), { canPublish: false, sources: [], canSubscribe: true, canPublishData: true })
  for (const role of ROLES) {
    t.equal(permissionsOf(role).canPublish, canPublish(role), role)
    t.equal(permissionsOf(role).canPublishData, may('chat', { standing: role, isAdmin: false }), role)
    t.equal(isRoomAdmin(role), role === 'host', role)
  }
})

t.test('a session goes from one status to the next, and not back', async t => {
  const STEPS: Record<Step, Record<Status, Status | 'INVALID_STATE' | undefined>> = {
    start: { scheduled: 'live', live: undefined, ended: 'INVALID_STATE', cancelled: 'INVALID_STATE' },
    end: { scheduled: 'INVALID_STATE', live: 'ended', ended: undefined, cancelled: 'INVALID_STATE' },
    cancel: { scheduled: 'cancelled', live: 'INVALID_STATE', ended: 'INVALID_STATE', cancelled: undefined }
  }
  for (const [step, from] of Object.entries(STEPS) as Array<[Step, Record<Status, unknown>]>) {
    for (const status of STATUSES) t.equal(codeOf(() => afterStep(step, status)), from[status], `${step} on ${status}`)
  }
  const ALLOWED: Record<string, Step> = { 'scheduled live': 'start', 'live ended': 'end', 'scheduled cancelled': 'cancel' }
  for (const from of STATUSES) {
    for (const to of STATUSES) t.equal(codeOf(() => stepTo(to, from)), from === to ? undefined : ALLOWED[`${from} ${to}`] ?? 'INVALID_STATE', `${from} to ${to}`)
  }
})

t.test('an invitation is good for its session, in its version', async t => {
  const secret = randomBytes(32).toString('hex')
  const invitations = new Invitations(secret)
  const session = { sessionId: randomUUID(), version: 1 }
  const token = await invitations.issue(session, 'viewer')
  const claims = jsonwebtoken.verify(token, secret, { algorithms: ['HS256'], audience: 'live-invite' }) as Record<string, unknown>
  t.match(claims, { sub: session.sessionId, typ: 'invite', role: 'viewer', jti: String, iat: Number })
  t.notHas(claims, 'exp', 'it has no end of its own')
  t.equal(await invitations.check(token, session), 'viewer')
  t.equal(await invitations.check(await invitations.issue(session, 'speaker'), session), 'speaker')
  t.not(await invitations.issue(session, 'viewer'), token, 'no two are the same')

  const signed = async (payload: object, more: (jwt: SignJWT) => SignJWT = jwt => jwt, key = secret) =>
    await more(new SignJWT({ typ: 'invite', role: 'viewer', ver: 1, ...payload }).setProtectedHeader({ alg: 'HS256' }).setAudience('live-invite').setSubject(session.sessionId).setJti('1').setIssuedAt()).sign(new TextEncoder().encode(key))
  t.equal(await invitations.check(await signed({}), session), 'viewer', 'this is how they are made')
  const BAD: Record<string, string | undefined> = {
    none: undefined,
    empty: '',
    nonsense: 'nonsense',
    'another session': await invitations.issue({ sessionId: randomUUID(), version: 1 }, 'viewer'),
    'an older version': await invitations.issue({ ...session, version: 0 }, 'viewer'),
    'a newer version': await invitations.issue({ ...session, version: 2 }, 'viewer'),
    'another secret': await new Invitations(`${secret}x`).issue(session, 'viewer'),
    'a co-host': await signed({ role: 'co_host' }),
    'a host': await signed({ role: 'host' }),
    'another kind': await signed({ typ: 'access' }),
    'another audience': await signed({}, jwt => jwt.setAudience('live-playback')),
    unsigned: `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`,
    'another signature': `${token.slice(0, -2)}AA`
  }
  for (const [about, bad] of Object.entries(BAD)) await t.rejects(invitations.check(bad, session), { code: 'INVITE_TOKEN_INVALID', statusCode: 403 }, about)
})

t.test('a ticket says who watches what, for a while', async t => {
  const secret = randomBytes(32).toString('hex')
  const ticket = { sessionId: randomUUID(), userId: 7 }
  const tickets = new PlaybackTickets(secret, 60)
  const issued = await tickets.issue(ticket)
  t.strictSame(await tickets.check(issued), ticket)
  const { exp, iat } = jsonwebtoken.decode(issued) as { exp: number, iat: number }
  t.equal(exp - iat, 60)
  t.equal(await tickets.check(await new PlaybackTickets(secret, -60).issue(ticket)), undefined, 'over')
  t.equal(await tickets.check(await new PlaybackTickets(`${secret}x`, 60).issue(ticket)), undefined, 'forged')
  t.equal(await tickets.check(await new Invitations(secret).issue({ sessionId: ticket.sessionId, version: 1 }, 'viewer')), undefined, 'an invitation is none')
  t.equal(await tickets.check(''), undefined)
})

t.test('errors have the codes of this API', async t => {
  const CODES: Array<[error: HeadwaterError, code: string]> = [
    [new HeadwaterError('INVALID_REQUEST'), 'VALIDATION_ERROR'], [new HeadwaterError('NOT_LOGGED_IN'), 'UNAUTHORIZED'], [new HeadwaterError('TOKEN_EXPIRED'), 'UNAUTHORIZED'], [new HeadwaterError('FORBIDDEN'), 'FORBIDDEN'],
    [new HeadwaterError('ACCOUNT_BANNED'), 'FORBIDDEN'], [new HeadwaterError('INVITE_TOKEN_INVALID'), 'INVALID_INVITE_TOKEN'], [new HeadwaterError('SESSION_NOT_FOUND'), 'NOT_FOUND'], [new HeadwaterError('PARTICIPANT_NOT_FOUND'), 'NOT_FOUND'],
    [new HeadwaterError('NOT_FOUND'), 'NOT_FOUND'], [new HeadwaterError('INVALID_STATE'), 'INVALID_STATE'], [new HeadwaterError('SESSION_FULL'), 'SESSION_FULL'], [new HeadwaterError('RECORDING_NOT_POSSIBLE'), 'RECORDING_NOT_POSSIBLE'],
    [new HeadwaterError('RATE_LIMIT_EXCEEDED'), 'RATE_LIMIT_EXCEEDED'], [new HeadwaterError('PAYLOAD_TOO_LARGE'), 'PAYLOAD_TOO_LARGE'], [new HeadwaterError('INTERNAL_ERROR'), 'INTERNAL_ERROR'], [new HeadwaterError('STORAGE_FULL'), 'INTERNAL_ERROR'],
    [new HeadwaterError('ROOMS_UNAVAILABLE'), 'SERVICE_UNAVAILABLE'], [new HeadwaterError('DATABASE_UNAVAILABLE'), 'SERVICE_UNAVAILABLE']
  ]
  for (const [error, code] of CODES) t.strictSame(errorBody(error), { error: error.message, code }, error.code)
  t.strictSame(errorBody(new HeadwaterError('INVALID_REQUEST', { fields: [{ field: 'title', message: 'required' }, { field: 'role', message: 'must be x' }] })), {
    error: 'title is required; role must be x', code: 'VALIDATION_ERROR', fields: [{ field: 'title', message: 'required' }, { field: 'role', message: 'must be x' }]
  })
})

t.test('times and names', async t => {
  t.strictSame(readTime('at', '2025-12-27T15:00:00+01:00'), new Date('2025-12-27T14:00:00Z'))
  t.equal(readTime('at', null), null)
  t.equal(readTime('at', undefined), undefined)
  for (const text of ['0000-01-01T00:00:00Z', '2025-12-31T23:59:60Z', 'tomorrow']) t.equal(codeOf(() => readTime('at', text)), 'INVALID_REQUEST', text)

  const at = (text: string) => new Date(`2025-12-27T${text}Z`)
  t.equal(secondsBetween(at('15:02:00'), at('16:30:00')), 5_280)
  t.equal(secondsBetween(at('15:02:00.900'), at('15:02:01.100')), 1, 'as both are told')
  t.equal(secondsBetween(at('15:02:01'), at('15:02:00')), 0)
  t.equal(durationOf({ startedAt: null, endedAt: null }, at('15:00:00')), 0)
  t.equal(durationOf({ startedAt: at('15:00:00'), endedAt: null }, at('15:00:09')), 9)
  t.equal(durationOf({ startedAt: at('15:00:00'), endedAt: at('15:00:05') }, at('16:00:00')), 5)

  t.equal(userIdOf('12'), 12)
  for (const identity of ['', '0', '-1', '1.5', 'EG_x', '1e3', ' 1', '9'.repeat(20)]) t.equal(userIdOf(identity), undefined, identity)
})

type Told = { type: 'joined' | 'left', sid: string, at: Date }
const moment = (seconds: number) => new Date(Date.UTC(2025, 11, 27, 15, 0, seconds))
const joined = (sid: string, seconds: number): Told => ({ type: 'joined', sid, at: moment(seconds) })
const left = (sid: string, seconds: number): Told => ({ type: 'left', sid, at: moment(seconds) })

function orders<T> (all: readonly T[]): T[][] {
  return all.length === 0 ? [[]] : all.flatMap((one, index) => orders(all.filter((_, other) => other !== index)).map(rest => [one, ...rest]))
}

const NEVER_THERE: Stay = { duration: 0, presentSince: null, leftAt: null, connection: null, connectedAt: null, endedConnection: null, endedConnectionAt: null }

function hear (stay: Stay, { type, ...connection }: Told): Stay {
  return { ...stay, ...type === 'joined' ? afterConnection(stay, connection, false) : afterDisconnection(stay, connection) }
}

t.test('whatever order it is told in who came and went, and however often, the end is right', async t => {
  const GONE = [joined('a', 10), left('a', 20), joined('b', 30), left('b', 40)]
  const THERE = [...GONE, joined('c', 50)]
  // The second connection throws the first out.
  const TAKEN_OVER = [joined('b', 10), joined('c', 20), left('b', 20)]
  for (const [told, connection] of [[GONE, null], [THERE, 'c'], [TAKEN_OVER, 'c']] as const) {
    for (const order of orders(told)) {
      for (const repeated of [order, order.flatMap(one => [one, one]), [...order, ...order]]) {
        const stay = repeated.reduce(hear, NEVER_THERE)
        const about = repeated.map(({ type, sid }) => `${type} ${sid}`).join(', ')
        t.strictSame([stay.connection, stay.presentSince === null], [connection, connection === null], about)
      }
    }
  }
  t.match([joined('a', 10), left('a', 20), joined('b', 30), left('b', 47)].reduce(hear, NEVER_THERE), { duration: 27, leftAt: moment(47) }, 'stays are summed')
  t.match([joined('a', 10), joined('b', 20), left('a', 20), left('b', 30)].reduce(hear, NEVER_THERE), { duration: 20 }, 'one that was taken over is one stay')
  t.match([joined('a', 10), left('a', 10), joined('b', 10)].reduce(hear, NEVER_THERE), { connection: 'b' }, 'who comes again in the same second is there')
})

t.test('what was asked for counts more than what was told', async t => {
  const gone = [joined('a', 10), { ...left('a', 20) }].reduce(hear, NEVER_THERE)
  t.equal(afterConnection(gone, { sid: 'a', at: moment(10) }, true), undefined, 'but for what has ended meanwhile')
  t.match(afterConnection(gone, { sid: 'b', at: moment(5) }, true), { connection: 'b', presentSince: moment(20) }, 'and no second counts twice')
  const there = hear(NEVER_THERE, joined('a', 10))
  const saidGoodbye = { ...there, ...afterStay(there, moment(15)) }
  t.match(saidGoodbye, { presentSince: null, connection: null, duration: 5 })
  t.match(afterConnection(saidGoodbye, { sid: 'a', at: moment(10) }, true), { connection: 'a' }, 'who says that they go and stays is there')
})
