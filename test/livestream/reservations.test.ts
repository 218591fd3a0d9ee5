import t from 'tap'
import { handedOn, Reservations, type Reservation } from '../../src/livestream/reservations.ts'

const reservation = (prefix: string, fields: Partial<Reservation> = {}): Reservation => ({ prefix, authorizePublish: () => true, authorizePlayback: () => true, ...fields })

t.test('a stream is whose prefix its key begins with', async t => {
  const reservations = new Reservations()
  const session = reservation('session-')
  reservations.add(session)
  reservations.add(reservation('meeting-'))
  t.equal(reservations.of('session-1'), session)
  t.equal(reservations.of('session-'), session)
  for (const other of ['session', 'Session-1', 'a-session-1', 'meet']) t.equal(reservations.of(other), undefined, other)
})

t.test('what cannot be reserved', async t => {
  const reservations = new Reservations()
  reservations.add(reservation('session-'))
  for (const taken of ['session-', 'sess', 'session-2-']) t.throws(() => reservations.add(reservation(taken)), { code: 'CONFIG_INVALID', message: /cannot both be reserved/ }, taken)
  for (const none of ['', '.a', 'a/b', 'ä']) t.throws(() => reservations.add(reservation(none)), { code: 'CONFIG_INVALID', message: /No stream key begins/ }, none)
  t.throws(() => reservations.add(reservation('meeting-', { playbackQuery: ['a&b'] })), { code: 'CONFIG_INVALID' })
  t.equal(reservations.of('meeting-1'), undefined)
})

t.test('a playlist hands on what was named, as text that cannot become anything else', async t => {
  const viewer = reservation('session-', { playbackQuery: ['viewer', 'seat'] })
  t.equal(handedOn(viewer, { viewer: 'a b&c=d\n$&"#', other: '1' }), 'viewer=a%20b%26c%3Dd%0A%24%26%22%23')
  t.equal(handedOn(viewer, { seat: '7', viewer: 'x' }), 'viewer=x&seat=7')
  t.equal(handedOn(viewer, { viewer: ['x', 'y'] }), undefined)
  t.equal(handedOn(viewer, {}), undefined)
  t.equal(handedOn(reservation('session-'), { viewer: 'x' }), undefined)
})
