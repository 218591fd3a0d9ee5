import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { LiveSessionsHost, Person } from '../../fixtures/live-sessions-host.ts'
import { expectBody, expectError, WHOLE_SECONDS } from './expect.ts'

/** docs/api/live-sessions.md 2.8, 4, and who is there, over the wire. */
export async function presenceSuite (t: Test, host: LiveSessionsHost): Promise<void> {
  const { ask, recordings } = host
  const owner = await host.person('mentor')
  const user = await host.person()
  const other = await host.person()
  const make = async (more: object = {}): Promise<string> => expectBody(t, await ask('POST', '/sessions', owner, { title: 'Presence', is_public: true, ...more }), 201, 'made').session_id
  const join = async (id: string, who: Person, more: object = {}) => expectBody(t, await ask('POST', `/sessions/${id}/join`, who, more), 200, 'joined')
  const viewers = async (id: string, count: number) => await host.until(`/sessions/${id}`, owner, json => json.current_viewers === count)
  const stats = async (id: string) => expectBody(t, await ask('GET', `/sessions/${id}/stats`, owner), 200, 'statistics')

  await t.test('2.8 statistics: people who come and go', async t => {
    const id = await make()
    t.strictSame(await stats(id), { session_id: id, status: 'scheduled', current_viewers: 0, total_participants: 0, duration: 0, started_at: null, peak_viewers: 0, participants: [] })
    const theHost = await host.visit(await join(id, owner))
    const first = await host.visit(await join(id, user, { display_name: 'John Doe' }))
    await viewers(id, 1)
    const second = await host.visit(await join(id, other))
    await viewers(id, 2)
    first.leave()
    await viewers(id, 1)
    await ask('POST', `/sessions/${id}/start`, owner)
    const again = await host.visit(await join(id, user, { display_name: 'John D.' }))
    await viewers(id, 2)
    for (const one of [second, again]) one.leave()
    await viewers(id, 0)
    const figures = await stats(id)
    t.match(figures, { status: 'live', current_viewers: 0, total_participants: 3, peak_viewers: 2, started_at: WHOLE_SECONDS })
    t.type(figures.duration, 'number')
    t.strictSame(figures.participants.map(({ user_id: userId, display_name: name, role, is_present: isPresent }: any) => [userId, name, role, isPresent]), [[owner.id, owner.username, 'host', true], [user.id, 'John D.', 'viewer', false], [other.id, other.username, 'viewer', false]])
    for (const person of figures.participants) t.match(person, { joined_at: WHOLE_SECONDS, duration: Number })
    t.equal(theHost.isConnected(), true)
    expectBody(t, await ask('POST', `/sessions/${id}/end`, owner), 200, 'ended')
    t.match(await stats(id), { status: 'ended', current_viewers: 0, peak_viewers: 2, participants: [{ is_present: false }, {}, {}] }, 'nobody is there any more')
  })

  await t.test('the end removes everybody, and waiting people learn of the start', async t => {
    const id = await make()
    const visitor = await host.visit(await join(id, user))
    await ask('POST', `/sessions/${id}/start`, owner)
    await visitor.until(() => visitor.received.some(({ topic, payload }) => topic === 'session' && JSON.parse(payload).status === 'live'))
    await ask('POST', `/sessions/${id}/end`, owner)
    await visitor.until(() => !visitor.isConnected())
    expectError(t, await ask('POST', `/sessions/${id}/join`, user, {}), 'INVALID_STATE', 'nobody comes any more')
  })

  await t.test('a token that is still good lets nobody into a session that is over', async t => {
    const id = await make()
    const answer = await join(id, user)
    expectBody(t, await ask('PATCH', `/sessions/${id}`, owner, { status: 'cancelled' }), 200, 'cancelled')
    const visitor = await host.visit(answer).catch(() => undefined)
    if (visitor !== undefined) await visitor.until(() => !visitor.isConnected())
    t.match(await stats(id), { current_viewers: 0, peak_viewers: host.standIn === undefined ? 1 : 0 })
  })

  await t.test('leaving', async t => {
    const id = await make()
    expectError(t, await ask('POST', `/sessions/${id}/leave`), 'UNAUTHORIZED', 'nobody')
    expectError(t, await ask('POST', `/sessions/${randomUUID()}/leave`, user), 'NOT_FOUND', 'nowhere')
    t.strictSame(expectBody(t, await ask('POST', `/sessions/${id}/leave`, user), 200, 'who was not there'), { message: 'Left session successfully' })
    const visitor = await host.visit(await join(id, user))
    await viewers(id, 1)
    // As a page that is closed: it says so, and its connection ends.
    expectBody(t, await ask('POST', `/sessions/${id}/leave`, user), 200, 'left')
    visitor.leave()
    await viewers(id, 0)
    t.match(await stats(id), { peak_viewers: 1 })
  })

  await t.test('4 recording: by hand', async t => {
    const id = await make({ title: 'First' })
    const start = async (who: Person = owner) => await ask('POST', `/sessions/${id}/recording/start`, who)
    const stop = async (who: Person = owner) => await ask('POST', `/sessions/${id}/recording/stop`, who)
    for (const call of [start, stop]) {
      expectError(t, await call(null as unknown as Person), 'UNAUTHORIZED', 'nobody')
      expectError(t, await call(user), 'FORBIDDEN', 'a stranger')
    }
    expectError(t, await start(), 'INVALID_STATE', 'before the start')
    expectBody(t, await ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
    expectError(t, await stop(), 'INVALID_STATE', 'nothing is recorded')
    const begun = expectBody(t, await start(), 200, 'recording')
    t.match(begun, { message: 'Recording started', recording_id: /^rec_/ })
    t.match((await ask('GET', `/sessions/${id}`)).json, { is_recording: true }, 'everybody sees it')
    t.match(recordings.all.at(-1), { of: { kind: 'live-session', id }, ownerId: owner.id, title: 'First', source: host.standIn === undefined ? { kind: 'stream', streamKey: `live-${id}` } : { kind: 'room', name: id } })
    expectError(t, await start(), 'INVALID_STATE', 'twice')
    t.strictSame(expectBody(t, await stop(), 200, 'stopped'), { message: 'Recording stopped', recording_id: begun.recording_id, recording_url: `https://recordings.example.com/${begun.recording_id}.mp4` })
    t.match((await ask('GET', `/sessions/${id}`)).json, { is_recording: false })
    const second = expectBody(t, await start(), 200, 'another').recording_id
    t.match(expectBody(t, await ask('POST', `/sessions/${id}/end`, owner), 200, 'ended'), { recording_url: `https://recordings.example.com/${second}.mp4` }, 'the newest, which the end has stopped')
    t.equal(recordings.all.at(-1)!.state, 'processing')
    recordings.finish(id, { state: 'failed', problem: 'no reason' })
    await host.until(`/sessions/${id}`, owner, ({ recording_url: url }) => url === `https://recordings.example.com/${begun.recording_id}.mp4`)
    t.match(await ask('GET', `/sessions/${id}`, owner), { status: 200, json: { recording_url: new RegExp(`/${begun.recording_id}\\.mp4$`) } }, 'one that failed is not pointed at')
  })

  await t.test('4 recording: with the session', async t => {
    const id = await make({ is_recorded: true })
    const { recording_id: recordingId } = expectBody(t, await ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
    t.match(recordingId, /^rec_/)
    t.match(expectBody(t, await ask('POST', `/sessions/${id}/end`, owner), 200, 'ended'), { recording_url: `https://recordings.example.com/${recordingId}.mp4` })
    const unlucky = await make({ is_recorded: true })
    recordings.failure = new HeadwaterError('RECORDING_NOT_POSSIBLE')
    t.match(expectBody(t, await ask('POST', `/sessions/${unlucky}/start`, owner), 200, 'it starts all the same'), { status: 'live', recording_problem: String })
    t.ok(host.lines.some(line => line.includes('a live session is not recorded, as it should be')))
    t.match((await ask('GET', `/sessions/${unlucky}`, owner)).json, { is_recorded: true, is_recording: false }, 'it says so')
    recordings.failure = new HeadwaterError('RECORDING_NOT_POSSIBLE')
    expectError(t, await ask('POST', `/sessions/${unlucky}/recording/start`, owner), 'RECORDING_NOT_POSSIBLE', 'by hand it is told')
    t.match(expectBody(t, await ask('POST', `/sessions/${unlucky}/end`, owner), 200, 'ended'), { recording_url: null })
  })

  await t.test('4.3 recordings: who sees which', async t => {
    const mine = await host.person('mentor')
    const admin = await host.person('admin')
    const recorded = async (more: object) => {
      const made = expectBody(t, await ask('POST', '/sessions', mine, { is_recorded: true, ...more }), 201, 'made')
      await ask('POST', `/sessions/${made.session_id}/start`, mine)
      return made
    }
    const open = await recorded({ title: 'open', is_public: true })
    const secret = await recorded({ title: 'secret' })
    const gone = await recorded({ title: 'gone', is_public: true })
    await ask('POST', `/sessions/${secret.session_id}/join`, user, { invite_token: secret.invite_token })
    const shown = async (who: Person | null, query = '') => expectBody(t, await ask('GET', `/recordings?owner_id=${mine.id}${query}`, who), 200, query)
    const titles = async (who: Person | null, query = '') => (await shown(who, query)).recordings.map(({ title }: { title: string }) => title)
    t.strictSame(await titles(admin), [], 'no file is there yet')
    for (const { session_id: id } of [open, secret, gone]) {
      await ask('POST', `/sessions/${id}/end`, mine)
      recordings.finish(id)
    }
    t.strictSame(await titles(null), ['gone', 'open'], 'nobody: those of public sessions, the newest first')
    t.strictSame(await titles(other), ['gone', 'open'])
    t.strictSame(await titles(user), ['gone', 'secret', 'open'], 'who took part')
    t.strictSame(await titles(mine), ['gone', 'secret', 'open'])
    t.strictSame(await titles(admin), ['gone', 'secret', 'open'])
    t.strictSame(await titles(null, `&session_id=${secret.session_id}`), [])
    t.strictSame(await titles(mine, `&session_id=${secret.session_id}`), ['secret'])
    await ask('DELETE', `/sessions/${gone.session_id}`, mine)
    t.strictSame(await titles(null), ['open'], 'of a deleted session')
    t.strictSame(await titles(user), ['secret', 'open'])
    t.strictSame(await titles(mine), ['gone', 'secret', 'open'], 'its owner sees it')
    const [first] = (await shown(null)).recordings
    t.strictSame({ ...first, id: 0, created_at: '' }, { id: 0, recording_id: first.recording_id, session_id: open.session_id, title: 'open', recording_url: `https://recordings.example.com/${first.recording_id}.mp4`, duration: 12, size_bytes: 3_456, created_at: '' })
    t.match(first, { id: Number, created_at: WHOLE_SECONDS })
    const page = await shown(mine, '&page=2&page_size=2')
    t.match(page, { total_count: 3, page: 2, page_size: 2, recordings: [{ title: 'open' }] })
    t.notHas(page, 'total_pages', 'as documented')
    t.match(await shown(mine, '&page_size=500'), { page_size: 100 })
    for (const query of ['owner_id=x', 'page=0', 'page_size=x', 'session_id=%00']) expectError(t, await ask('GET', `/recordings?${query}`), 'VALIDATION_ERROR', query)

    const maySee = async (id: string, accountId: number | undefined) => await recordings.maySee!({ kind: 'live-session', id }, { accountId, isAdmin: false })
    t.strictSame(await Promise.all([undefined, other.id, user.id, mine.id].map(async id => await maySee(open.session_id, id))), [true, true, true, true], 'the files too')
    t.strictSame(await Promise.all([undefined, other.id, user.id, mine.id].map(async id => await maySee(secret.session_id, id))), [false, false, true, true])
    t.strictSame(await Promise.all([undefined, other.id, user.id, mine.id].map(async id => await maySee(gone.session_id, id))), [false, false, false, true])
  })
}
