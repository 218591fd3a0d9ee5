import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { LivekitConfig } from '../../../../src/config/livekit.ts'
import type { RoomsServer } from '../../../fixtures/local-rooms.ts'
import { until } from '../../../fixtures/installation.ts'

/** Two servers of a new installation; where there can be one only, it is the same twice. */
export type OpenServers = (t: Test, livekit?: Partial<LivekitConfig>) => Promise<[RoomsServer, RoomsServer]>

const PERMISSIONS = { canPublish: true, sources: ['microphone'] as const, canSubscribe: true, canPublishData: true }
const SILENT = { ...PERMISSIONS, canPublishData: false }

/** What both servers have told, each once where they are one. */
function eventsOf (one: RoomsServer, two: RoomsServer): string[] {
  return one === two ? one.events : [...one.events, ...two.events]
}

/** Somebody is told something. */
async function nextOf (client: { next (): Promise<any> }): Promise<any> {
  return await client.next()
}

export async function roomsSuite (t: Test, openServers: OpenServers): Promise<void> {
  t.test('rooms: made again, found, listed, deleted', async t => {
    const [one, two] = await openServers(t)
    const first = await one.rooms.createRoom({ name: 'first', metadata: '{"topic":"one"}', maxParticipants: 3 })
    t.match(first, { name: 'first', sid: /^RM_[2-9A-HJ-NP-Za-km-z]{12}$/, metadata: '{"topic":"one"}', maxParticipants: 3, participants: 0 })
    t.equal(first.createdAt.getMilliseconds(), 0, 'whole seconds')
    const second = await two.rooms.createRoom({ name: 'second' })
    t.match(second, { metadata: '', maxParticipants: 0 })
    t.same((await one.rooms.listRooms()).map(({ name }) => name), ['second', 'first'], 'newest first')

    t.same(await two.rooms.createRoom({ name: 'first', maxParticipants: 5 }), { ...first, maxParticipants: 5 }, 'what is given is changed, and the sid stays')
    t.same(await one.rooms.findRoom('first'), await two.rooms.findRoom(first.sid), 'by name or sid')
    for (const nobody of ['nobody', '', '\0', 'RM_\ud800', 'x'.repeat(10_000)]) t.equal(await one.rooms.findRoom(nobody), undefined)

    await two.rooms.deleteRoom('first')
    await two.rooms.deleteRoom('first')
    t.equal(await one.rooms.findRoom('first'), undefined)
    t.equal(await one.rooms.findRoom(first.sid), undefined)
    const again = await one.rooms.createRoom({ name: 'first' })
    t.not(again.sid, first.sid)
    t.same(await two.rooms.findRoom(first.sid), again, 'the sid of earlier')
    t.same(eventsOf(one, two).sort(), ['room-finished first', 'room-started first', 'room-started first', 'room-started second'], 'each told once')

    const called = await one.rooms.createRoom({ name: again.sid })
    t.equal((await one.rooms.findRoom(again.sid))?.sid, called.sid, 'a name goes before a sid')
  })

  t.test('of those who make a room at once one does', async t => {
    const [one, two] = await openServers(t)
    const made = await Promise.all(Array.from({ length: 10 }, async (_, number) => await [one, two][number % 2]!.rooms.createRoom({ name: 'same' })))
    t.equal(new Set(made.map(({ sid }) => sid)).size, 1)
    t.same(eventsOf(one, two), ['room-started same'])
  })

  t.test('what there is not', async t => {
    const [{ rooms }] = await openServers(t)
    t.same([rooms.kind, rooms.capabilities, rooms.url], ['local', { media: false, recording: false }, undefined])
    await t.rejects(rooms.startRecording(), { code: 'RECORDING_NOT_POSSIBLE' })
    await t.rejects(rooms.stopRecording(), { code: 'RECORDING_NOT_FOUND' })
    t.equal(await rooms.findRecording(), undefined)
    t.equal((await rooms.findRecordingsByPath()).size, 0)
    t.same(await rooms.participants('nowhere'), [])
    t.equal(await rooms.removeParticipant('nowhere', 'nobody'), false)
    t.equal(await rooms.setPermissions('nowhere', 'nobody', PERMISSIONS), false)
    await rooms.left('nowhere', 'nobody')
    await t.rejects(rooms.sendData('nowhere', Buffer.from('x')), { code: 'ROOM_NOT_FOUND' })
    await rooms.createRoom({ name: 'empty' })
    t.equal(await rooms.removeParticipant('empty', 'nobody'), false)
    await t.rejects(rooms.readToken('not a token'), { code: 'ROOM_TOKEN_INVALID' })
  })

  t.test('people come, see each other, speak and go', async t => {
    const [one, two] = await openServers(t)
    const { sid } = await one.rooms.createRoom({ name: 'meeting', metadata: 'about it' })
    const ada = await one.join(t, 'meeting', 'ada', { name: 'Ada', attributes: { role: 'host' }, permissions: PERMISSIONS })
    t.match(ada.joined, {
      room: { name: 'meeting', sid, metadata: 'about it' },
      you: { identity: 'ada', sid: /^PA_.{12}$/, name: 'Ada', attributes: { role: 'host' }, permissions: PERMISSIONS, joinedAt: /Z$/ },
      participants: []
    })
    const bob = await two.join(t, 'meeting', 'bob')
    t.same(bob.joined.participants, [ada.joined.you])
    t.same(await nextOf(ada), { type: 'participant-joined', participant: bob.joined.you })
    const cy = await two.join(t, 'meeting', 'cy')
    t.same(cy.joined.participants, [ada.joined.you, bob.joined.you], 'in the order in which they came')
    await Promise.all([ada.next(), bob.next()])

    t.same((await two.rooms.participants('meeting')).map(({ identity, name, isPerson, joinedAt }) => ({ identity, name, isPerson, isDate: joinedAt instanceof Date })), [
      { identity: 'ada', name: 'Ada', isPerson: true, isDate: true },
      { identity: 'bob', name: 'bob', isPerson: true, isDate: true },
      { identity: 'cy', name: 'cy', isPerson: true, isDate: true }
    ])
    t.equal((await one.rooms.findRoom('meeting'))?.participants, 3)
    t.equal((await two.rooms.listRooms())[0]?.participants, 3)

    for (let number = 0; number < 20; number++) ada.say({ type: 'data', topic: 'chat', payload: String(number) })
    for (const client of [bob, cy]) {
      for (let number = 0; number < 20; number++) t.same(await client.next(), { type: 'data', from: 'ada', topic: 'chat', payload: String(number) }, 'in order')
    }
    bob.say({ type: 'data', topic: '', payload: 'for one', to: ['ada', 'nobody'] })
    t.same(await ada.next(), { type: 'data', from: 'bob', topic: '', payload: 'for one' }, 'not its own')
    await one.rooms.sendData('meeting', Buffer.from('hello'), { topic: 'server', identities: ['cy'] })
    t.same(await cy.next(), { type: 'data', from: null, topic: 'server', payload: 'hello' })
    await two.rooms.sendData('meeting', Buffer.from('all'))
    for (const client of [ada, bob, cy]) t.same(await client.next(), { type: 'data', from: null, topic: '', payload: 'all' })

    bob.say({ type: 'leave' })
    t.same(await bob.next(), { type: 'left', reason: 'left' })
    t.same(await bob.closed, { code: 1000, reason: 'left' })
    for (const client of [ada, cy]) t.same(await client.next(), { type: 'participant-left', identity: 'bob', sid: bob.joined.you.sid })
    cy.socket.terminate()
    t.same(await ada.next(), { type: 'participant-left', identity: 'cy', sid: cy.joined.you.sid }, 'without a word')
    t.same((await one.rooms.participants('meeting')).map(({ identity }) => identity), ['ada'])
    await until(() => eventsOf(one, two).length >= 6)
    t.same(eventsOf(one, two).sort(), ['participant-joined ada', 'participant-joined bob', 'participant-joined cy', 'participant-left bob', 'participant-left cy', 'room-started meeting'], 'each once')
  })

  t.test('permissions', async t => {
    const [one, two] = await openServers(t)
    await one.rooms.createRoom({ name: 'meeting' })
    const ada = await one.join(t, 'meeting', 'ada', { permissions: SILENT })
    const bob = await two.join(t, 'meeting', 'bob')
    await ada.next()
    ada.say({ type: 'data', topic: '', payload: 'no' })
    t.match(await ada.next(), { type: 'error', error: { code: 'FORBIDDEN' } })

    t.equal(await two.rooms.setPermissions('meeting', 'ada', PERMISSIONS, { role: 'speaker' }), true)
    const changed = { type: 'participant-changed', participant: { ...ada.joined.you, permissions: PERMISSIONS, attributes: { role: 'speaker' } } }
    t.same([await ada.next(), await bob.next()], [changed, changed])
    t.match((await one.rooms.participants('meeting'))[0], { permissions: PERMISSIONS, attributes: { role: 'speaker' } })
    ada.say({ type: 'data', topic: '', payload: 'yes' })
    t.match(await bob.next(), { type: 'data', from: 'ada', payload: 'yes' }, 'the first one was not sent')

    t.equal(await one.rooms.setPermissions('meeting', 'ada', SILENT, { seat: '4' }), true)
    t.match(await ada.next(), { type: 'participant-changed', participant: { permissions: SILENT, attributes: { role: 'speaker', seat: '4' } } }, 'other attributes stay')
    t.equal(await one.rooms.setPermissions('meeting', 'ada', SILENT, { role: '' }), true)
    t.strictSame((await ada.next()).participant.attributes, { seat: '4' }, 'empty ones go')
    ada.say({ type: 'data', topic: '', payload: 'no more' })
    t.match(await ada.next(), { type: 'error', error: { code: 'FORBIDDEN' } })
  })

  t.test('the same identity again', async t => {
    const [one, two] = await openServers(t)
    await one.rooms.createRoom({ name: 'meeting', maxParticipants: 2 })
    const bob = await one.join(t, 'meeting', 'bob')
    const first = await one.join(t, 'meeting', 'ada')
    await bob.next()
    const second = await two.join(t, 'meeting', 'ada')
    t.same(await first.until('left'), { type: 'left', reason: 'duplicate' })
    t.equal((await first.closed).code, 4409)
    t.same([await bob.next(), await bob.next()], [
      { type: 'participant-left', identity: 'ada', sid: first.joined.you.sid },
      { type: 'participant-joined', participant: second.joined.you }
    ])
    second.say({ type: 'data', topic: '', payload: 'here' })
    t.match(await bob.next(), { type: 'data', from: 'ada' }, 'and nothing else')
    t.same((await one.rooms.participants('meeting')).map(({ sid }) => sid), [bob.joined.you.sid, second.joined.you.sid])
    await until(() => eventsOf(one, two).filter(event => event.endsWith(' ada')).length >= 3)
    t.same(eventsOf(one, two).filter(event => event.endsWith(' ada')).sort(), ['participant-joined ada', 'participant-joined ada', 'participant-left ada'])
  })

  t.test('of many who come at once with one identity, the last stays', async t => {
    const [one, two] = await openServers(t)
    await one.rooms.createRoom({ name: 'meeting', maxParticipants: 1 })
    const clients = await Promise.all(Array.from({ length: 8 }, async (_, number) => {
      const client = await [one, two][number % 2]!.connect(t)
      client.say({ type: 'join', token: await one.token('meeting', 'ada') })
      return client
    }))
    let open = clients.length
    for (const { closed } of clients) void closed.then(() => { open-- })
    await until(() => open === 1)
    const [there, ...others] = await one.rooms.participants('meeting')
    t.same(others, [])
    t.equal(await two.rooms.removeParticipant('meeting', 'ada'), true, there!.sid)
    await Promise.all(clients.map(async ({ closed }) => await closed))
    t.same(await one.rooms.participants('meeting'), [])
  })

  t.test('full, exactly', async t => {
    const [one, two] = await openServers(t)
    await one.rooms.createRoom({ name: 'small', maxParticipants: 3 })
    const outcomes = await Promise.all(Array.from({ length: 20 }, async (_, number) => {
      const client = await [one, two][number % 2]!.connect(t)
      client.say({ type: 'join', token: await one.token('small', `person ${number}`) })
      return { client, first: await client.next() }
    }))
    const inside = outcomes.filter(({ first }) => first.type === 'joined')
    t.equal(inside.length, 3)
    for (const { client, first } of outcomes.filter(({ first }) => first.type !== 'joined')) {
      t.same(first, { type: 'left', reason: 'full' })
      t.equal((await client.closed).code, 4410)
    }
    inside[0]!.client.say({ type: 'leave' })
    await inside[0]!.client.closed
    await until(async () => (await two.rooms.participants('small')).length === 2)
    await two.join(t, 'small', 'later')
    await two.rooms.createRoom({ name: 'small', maxParticipants: 4 })
    await one.join(t, 'small', 'one more')
    const late = await one.connect(t)
    late.say({ type: 'join', token: await one.token('small', 'too late') })
    t.same(await late.next(), { type: 'left', reason: 'full' })
  })

  t.test('removed, and everybody when the room is deleted', async t => {
    const [one, two] = await openServers(t)
    await one.rooms.createRoom({ name: 'meeting' })
    const ada = await one.join(t, 'meeting', 'ada')
    const bob = await two.join(t, 'meeting', 'bob')
    await ada.next()
    t.equal(await one.rooms.removeParticipant('meeting', 'bob'), true)
    t.same((await one.rooms.participants('meeting')).map(({ identity }) => identity), ['ada'], 'gone by then')
    t.same(await bob.next(), { type: 'left', reason: 'removed' })
    t.equal((await bob.closed).code, 4403)
    t.match(await ada.next(), { type: 'participant-left', identity: 'bob' })
    await one.rooms.left('meeting', 'ada')
    t.equal((await one.rooms.participants('meeting')).length, 1, 'who is connected stays')
    const again = await two.join(t, 'meeting', 'bob')
    const token = await one.token('meeting', 'cy')

    await two.rooms.deleteRoom('meeting')
    t.same(await one.rooms.participants('meeting'), [])
    for (const client of [ada, again]) {
      t.same(await client.until('left'), { type: 'left', reason: 'room-closed' })
      t.equal((await client.closed).code, 4404)
    }
    const late = await one.connect(t)
    late.say({ type: 'join', token })
    t.same(await late.next(), { type: 'left', reason: 'room-closed' }, 'a token opens no room')
    await until(() => eventsOf(one, two).filter(event => event.startsWith('participant-left')).length >= 3)
    t.ok(eventsOf(one, two).includes('room-finished meeting'))

    const { sid } = await two.rooms.createRoom({ name: 'meeting' })
    const cy = await one.join(t, 'meeting', 'cy')
    t.match(cy.joined, { room: { sid }, participants: [] }, 'a new one, with nobody of the old')
  })

  t.test('a server that closes', async t => {
    const [one, two] = await openServers(t)
    const name = randomUUID()
    await one.rooms.createRoom({ name })
    const ada = await one.join(t, name, 'ada')
    const bob = one === two ? undefined : await two.join(t, name, 'bob')
    await one.close()
    t.same(await ada.until('left'), { type: 'left', reason: 'server-closed' })
    t.equal((await ada.closed).code, 1001)
    if (bob !== undefined) {
      t.match(await bob.next(), { type: 'participant-left', identity: 'ada' })
      t.equal((await two.rooms.participants(name)).length, 1)
    }
    t.ok(eventsOf(one, two).includes('participant-left ada'))
    t.same(one.told.entries.filter(({ level }) => level === 'error'), [])
  })
}
