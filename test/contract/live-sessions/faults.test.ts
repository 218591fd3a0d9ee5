import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { startLiveSessions, type Person } from '../../fixtures/live-sessions-host.ts'
import { expectBody, expectError } from './expect.ts'

// Long enough for a busy machine, on which who is there is seen late.
const PRESENCE_TIMEOUT_MS = 2_000

// Whoever is looked for is looked for often.
const host = await startLiveSessions(t, { rooms: 'livekit', sessions: { presenceTimeoutSeconds: PRESENCE_TIMEOUT_MS / 1_000, reconcileSeconds: 0.15 }, livekit: { attempts: 1, retryMs: 1, requestMs: 2_000, emptyTimeoutSeconds: 60 } })
const { ask } = host
const standIn = host.standIn!
const owner = await host.person('mentor')
const [ada, bob] = [await host.person(), await host.person()]

const make = async (t: Test, more: object = {}): Promise<string> => expectBody(t, await ask('POST', '/sessions', owner, { title: 'Faults', is_public: true, ...more }), 201, 'made').session_id
const join = async (id: string, who: Person) => await ask('POST', `/sessions/${id}/join`, who, {})
const visit = async (id: string, who: Person) => await host.visit((await join(id, who)).json)
const viewers = async (id: string, count: number) => await host.until(`/sessions/${id}`, owner, json => json.current_viewers === count)
const stats = async (id: string) => (await ask('GET', `/sessions/${id}/stats`, owner)).json
/** So often has the provider said who is there, since now. */
const looks = async (times: number) => {
  const before = standIn.asked('ListParticipants')
  await host.until('/sessions', owner, () => standIn.asked('ListParticipants') >= before + times)
}

/** Nothing is told until the test ends. */
const tellNothing = (t: Test): void => {
  const lost = standIn.webhooks.urls.splice(0)
  t.teardown(() => { standIn.webhooks.urls.push(...lost) })
}

t.afterEach(() => { standIn.faults.clear() })

await t.test('events that are lost: who is there is found out all the same', async t => {
  const id = await make(t)
  standIn.webhooks.lose('participant_joined', 'participant_left')
  const visitor = await visit(id, ada)
  await viewers(id, 1)
  visitor.leave()
  await viewers(id, 0)
  t.match(await stats(id), { peak_viewers: 1, total_participants: 1, participants: [{ user_id: ada.id, is_present: false }] })
})

await t.test('events that come twice, late and in another order', async t => {
  const id = await make(t)
  standIn.webhooks.repeat(2)
  standIn.webhooks.hold()
  const first = await visit(id, ada)
  const second = await visit(id, bob)
  first.leave()
  const again = await visit(id, ada)
  second.leave()
  standIn.webhooks.release('reversed')
  await standIn.settled()
  await viewers(id, 1)
  standIn.webhooks.repeat(1)
  t.match(await stats(id), { total_participants: 2, participants: [{ user_id: ada.id, is_present: true }, { user_id: bob.id, is_present: false }] })
  again.leave()
  await viewers(id, 0)
})

await t.test('who does not connect loses the place, who is connected keeps it', async t => {
  const id = await make(t, { max_participants: 1 })
  expectBody(t, await join(id, ada), 200, 'ada has a place')
  expectError(t, await join(id, bob), 'SESSION_FULL', 'so that bob has none')
  let answer = await join(id, bob)
  while (answer.status !== 200) answer = await join(id, bob)
  const visitor = await host.visit(answer.json)
  await viewers(id, 1)
  const until = Date.now() + 1.5 * PRESENCE_TIMEOUT_MS
  while (Date.now() < until) {
    expectError(t, await join(id, ada), 'SESSION_FULL', 'bob is there')
    await looks(1)
  }
  t.equal(visitor.isConnected(), true)
  t.match(await stats(id), { current_viewers: 1, peak_viewers: 1 })
})

await t.test('while nobody says who is there, nobody is gone', async t => {
  const id = await make(t)
  await visit(id, ada)
  await viewers(id, 1)
  standIn.faults.add('ListParticipants', { kind: 'status', status: 503 })
  const until = Date.now() + 1.5 * PRESENCE_TIMEOUT_MS
  while (Date.now() < until) {
    t.match(await stats(id), { current_viewers: 1 })
    await looks(1)
  }
})

await t.test('whoever cannot be removed now is removed later', async t => {
  const id = await make(t)
  const visitor = await visit(id, ada)
  await viewers(id, 1)
  standIn.faults.add('RemoveParticipant', { kind: 'status', status: 503 }, 1)
  expectError(t, await ask('POST', `/sessions/${id}/participants/${ada.id}/kick`, owner), 'SERVICE_UNAVAILABLE', 'it is told')
  t.match(await stats(id), { current_viewers: 0 })
  expectError(t, await join(id, ada), 'FORBIDDEN', 'they do not come again')
  await visitor.until(() => !visitor.isConnected())
})

await t.test('a role that cannot be given now is given later', async t => {
  const id = await make(t)
  const visitor = await visit(id, ada)
  await viewers(id, 1)
  standIn.faults.add('UpdateParticipant', { kind: 'status', status: 503 }, 1)
  expectError(t, await ask('PATCH', `/sessions/${id}/participants/${ada.id}`, owner, { role: 'speaker' }), 'SERVICE_UNAVAILABLE', 'it is told')
  await visitor.until(() => visitor.canPublish() && visitor.attributes().role === 'speaker')
  t.match(await stats(id), { participants: [{ role: 'speaker' }] })
})

await t.test('who cannot be given a role keeps nobody else from being removed', async t => {
  const id = await make(t)
  tellNothing(t)
  const [first, second] = [await visit(id, ada), await visit(id, bob)]
  await viewers(id, 2)
  standIn.faults.add('UpdateParticipant', { kind: 'status', status: 503 })
  expectError(t, await ask('PATCH', `/sessions/${id}/participants/${ada.id}`, owner, { role: 'speaker' }), 'SERVICE_UNAVAILABLE', 'a role')
  standIn.faults.add('RemoveParticipant', { kind: 'status', status: 503 }, 1)
  expectError(t, await ask('POST', `/sessions/${id}/participants/${bob.id}/kick`, owner), 'SERVICE_UNAVAILABLE', 'a removal')
  await second.until(() => !second.isConnected())
  t.equal(first.isConnected(), true)
})

await t.test('a token of before opens the room again: nobody tells, and it is closed', async t => {
  for (const end of ['ended', 'cancelled', 'deleted'] as const) {
    const id = await make(t)
    if (end === 'ended') await ask('POST', `/sessions/${id}/start`, owner)
    const { json } = await join(id, ada)
    tellNothing(t)
    if (end === 'deleted') expectBody(t, await ask('DELETE', `/sessions/${id}`, owner), 200, end)
    else expectBody(t, await ask('PATCH', `/sessions/${id}`, owner, { status: end }), 200, end)
    t.equal(standIn.room(id), undefined)
    const visitor = await host.visit(json)
    await visitor.until(() => !visitor.isConnected())
    await host.until('/sessions', owner, () => standIn.room(id) === undefined)
  }
})

await t.test('the token of a session that was never opened opens its room: nobody tells, and it is looked after', async t => {
  const { session_id: id, host_token: token } = expectBody(t, await ask('POST', '/sessions', owner, { title: 'Faults', is_public: true }), 201, 'made')
  tellNothing(t)
  standIn.join(token)
  await host.until(`/sessions/${id}/stats`, owner, json => json.participants.some((one: any) => one.is_present))
})

await t.test('rooms of others are left alone, whatever they are called', async t => {
  const name = randomUUID()
  standIn.createRoom(name)
  await looks(2)
  t.ok(standIn.room(name))
})

await t.test('a session ends whether its room can be closed or not', async t => {
  const id = await make(t, { is_recorded: true })
  await ask('POST', `/sessions/${id}/start`, owner)
  const visitor = await visit(id, ada)
  standIn.faults.add('DeleteRoom', { kind: 'status', status: 503 }, 1)
  t.match(expectBody(t, await ask('POST', `/sessions/${id}/end`, owner), 200, 'ended'), { status: 'ended' })
  t.match(await stats(id), { status: 'ended', current_viewers: 0 })
  await visitor.until(() => !visitor.isConnected())
  await host.until('/sessions', owner, () => standIn.room(id) === undefined)
  t.ok(host.lines.some(line => line.includes('could not be ended yet')), 'and the log says so')
})

await t.test('without rooms nothing begins, and nothing is taken', async t => {
  const id = await make(t, { max_participants: 1 })
  standIn.faults.add('CreateRoom', { kind: 'status', status: 503 })
  expectError(t, await ask('POST', `/sessions/${id}/start`, owner), 'SERVICE_UNAVAILABLE', 'start')
  t.match((await ask('GET', `/sessions/${id}`)).json, { status: 'scheduled', started_at: null })
  const refused = await join(id, ada)
  expectError(t, refused, 'SERVICE_UNAVAILABLE', 'join')
  standIn.faults.clear()
  expectBody(t, await join(id, bob), 200, 'the place is free')
})

await t.test('what is to be recorded has a room, though it had closed by itself', async t => {
  const id = await make(t)
  expectBody(t, await ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
  standIn.advance(61_000)
  t.equal(standIn.room(id), undefined)
  expectBody(t, await ask('POST', `/sessions/${id}/recording/start`, owner), 200, 'recorded')
  t.ok(standIn.room(id))
})

await t.test('many who were not seen for too long are looked for together', async t => {
  const host = await startLiveSessions(t, { rooms: 'livekit', sessions: { presenceTimeoutSeconds: 1, reconcileSeconds: 3_600 } })
  const owner = await host.person('mentor')
  const id = (await host.ask('POST', '/sessions', owner, { title: 'Crowd', is_public: true })).json.session_id
  const crowd = await Promise.all(Array.from({ length: 8 }, async () => await host.person()))
  await Promise.all(crowd.map(async who => { await host.visit((await host.ask('POST', `/sessions/${id}/join`, who, {})).json) }))
  await host.until(`/sessions/${id}`, owner, json => json.current_viewers === crowd.length)
  const asked = () => host.standIn!.asked('ListParticipants')
  const isAsked = async (before: number) => await host.until('/sessions', owner, () => asked() > before)
  await isAsked(0)
  // All of them were seen then, and at the same time are not any more.
  const before = asked()
  await isAsked(before)
  await host.close()
  t.ok(asked() - before < crowd.length / 2, `asked ${asked() - before} times for ${crowd.length}`)
})

await t.test('a session whose room does not answer holds up none of the others', async t => {
  // Long enough to get ready between two turns.
  const host = await startLiveSessions(t, { rooms: 'livekit', sessions: { reconcileSeconds: 2 }, livekit: { attempts: 1 } })
  const owner = await host.person('mentor')
  const sessions = 3
  for (let session = 0; session < sessions; session++) {
    const { session_id: id } = (await host.ask('POST', '/sessions', owner, { title: 'Faults' })).json
    await host.ask('POST', `/sessions/${id}/join`, owner, {})
  }
  const asked = () => host.standIn!.asked('ListParticipants')
  const turn = async (before: number) => await host.until('/sessions', owner, () => asked() >= before + sessions)
  await turn(asked())
  host.standIn!.faults.add('ListParticipants', { kind: 'hang' }, 1)
  await turn(asked())
  t.notOk(host.lines.some(line => line.includes('could not be compared with its room')), 'the others were asked for while one waits')
})

await t.test('a server that closes tries nothing again', async t => {
  const host = await startLiveSessions(t, { rooms: 'livekit', sessions: { reconcileSeconds: 0.1 }, livekit: { attempts: 1_000, requestMs: 500, retryMs: 1 } })
  const owner = await host.person('mentor')
  const { session_id: id } = (await host.ask('POST', '/sessions', owner, { title: 'Faults' })).json
  await host.ask('POST', `/sessions/${id}/join`, owner, {})
  const asked = () => host.standIn!.asked('ListParticipants')
  host.standIn!.faults.add('ListParticipants', { kind: 'hang' })
  const before = asked()
  await host.until('/sessions', owner, () => asked() >= before + 2)
  const closing = host.close()
  const tries = asked()
  await closing
  t.ok(asked() - tries <= 1)
})
