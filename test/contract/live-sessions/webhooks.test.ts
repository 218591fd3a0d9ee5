import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EgressStatus, RoomServiceClient, WebhookEvent, type WebhookEventNames } from 'livekit-server-sdk'
import t, { type Test } from 'tap'
import { Random } from '../../chaos/random.ts'
import { ADMIN } from '../../fixtures/accounts-server.ts'
import { http } from '../../fixtures/http.ts'
import { SessionsClient, type Person } from '../../fixtures/sessions-client.ts'
import { startStandalone } from '../../fixtures/standalone.ts'
import { LivekitStandIn, type Client } from '../../stand-ins/livekit/stand-in.ts'
import { signed } from '../../stand-ins/livekit/webhooks.ts'
import { expectBody, expectError } from './expect.ts'

/** Nobody asks by themselves within a test. */
const NEVER_SECONDS = 3_600
/** Of what happens by chance. */
const SEED = process.env['HEADWATER_SEED'] ?? '20261'
const MAX_BY_CHANCE = 6

interface Place {
  livekit: LivekitStandIn
  client: SessionsClient
  url: string
  owner: Person
  ada: Person
  bob: Person
  make (t: Test, more?: object): Promise<string>
  /** A token of the room. */
  join (t: Test, id: string, who: Person): Promise<string>
  /** Joins and connects. */
  visit (t: Test, id: string, who: Person): Promise<Client>
  stats (id: string): Promise<any>
  /** Resolves when an event that is told now has had its effect: so have those that were told before. */
  heard (id: string): Promise<void>
  /** Who is there and how many they are is what the stand-in knows. @param clients all who ever came */
  expectTruth (t: Test, id: string, clients: Client[], about: string): Promise<any>
}

/** The whole server with the stand-in. @param seconds how often it asks by itself */
async function place (t: Test, seconds: number): Promise<Place> {
  const egressDir = await mkdtemp(join(tmpdir(), 'headwater-webhooks-'))
  t.teardown(async () => { await rm(egressDir, { recursive: true, force: true }) })
  const livekit = await LivekitStandIn.start(t)
  const { url } = await startStandalone(t, {
    accounts: { argon2MemoryKib: 64, argon2Passes: 1, rateLimitMultiplier: 10_000, adminUsername: ADMIN.username, adminEmail: ADMIN.email, adminPassword: ADMIN.password },
    ivs: { enabled: 'off' },
    livekitRooms: { enabled: 'off' },
    livekit: { ...livekit.settings, egressDir },
    liveSessions: { rateLimitMultiplier: 10_000, reconcileSeconds: seconds, presenceTimeoutSeconds: NEVER_SECONDS },
    recordings: { pollSeconds: seconds }
  })
  livekit.webhooks.urls.push(`${url}/api/livekit/webhook`)
  const client = new SessionsClient(url)
  const [owner, ada, bob] = [await client.person('mentor'), await client.person(), await client.person()]
  const join_ = async (t: Test, id: string, who: Person) => expectBody(t, await client.ask('POST', `/sessions/${id}/join`, who, {}), 200, 'joined').access_token as string
  const stats = async (id: string) => (await client.ask('GET', `/sessions/${id}/stats`, owner)).json
  const isThere = (json: any, { id }: Person) => json.participants.some((one: any) => one.user_id === id && one.is_present)
  const heard = async (id: string) => {
    await livekit.settled()
    const { access_token: token } = (await client.ask('POST', `/sessions/${id}/join`, owner, {})).json
    const marker = livekit.join(token)
    await client.until(`/sessions/${id}/stats`, owner, json => isThere(json, owner))
    marker.leave()
    await client.until(`/sessions/${id}/stats`, owner, json => !isThere(json, owner))
  }
  return {
    livekit,
    client,
    url,
    owner,
    ada,
    bob,
    make: async (t, more = {}) => expectBody(t, await client.ask('POST', '/sessions', owner, { title: 'Webhooks', is_public: true, ...more }), 201, 'made').session_id,
    join: join_,
    visit: async (t, id, who) => livekit.join(await join_(t, id, who)),
    stats,
    heard,
    expectTruth: async (t, id, clients, about) => {
      const connected = new Set(clients.filter(({ isConnected }) => isConnected).map(({ identity }) => identity))
      const figures = await stats(id)
      const present = figures.participants.filter((one: any) => one.is_present).map((one: any) => String(one.user_id))
      t.strictSame(present.sort(), [...connected].sort(), `${about}: who is there`)
      t.equal(figures.current_viewers, connected.size, about)
      t.equal((await client.ask('GET', `/sessions/${id}`)).json.current_viewers, connected.size, about)
      return figures
    }
  }
}

/** What is not told it does not know; and one that asks. */
const [told, asking] = [await place(t, NEVER_SECONDS), await place(t, 0.3)]
const { livekit, client, owner, ada, bob, make, join: joinWith, visit, stats, heard, expectTruth } = told
const { webhooks } = livekit

/** The last event of this name, of this person or recording. */
const last = (name: WebhookEventNames, of?: string) => webhooks.told.findLast(({ event }) => event.event === name && (of === undefined || event.participant?.sid === of || event.egressInfo?.egressId === of))!.event
const changed = <Message extends { clone (): unknown }> (message: Message, more: object): Message => Object.assign(message.clone() as Message, more)
/** @returns what is answered to an event, with or without a good signature */
const post = async (event: WebhookEvent, authorization?: (body: string) => string | undefined) => {
  const body = event.toJsonString()
  const signature = authorization === undefined ? signed(body, livekit.settings) : authorization(body)
  return await http({ url: told.url }, '/api/livekit/webhook', { method: 'POST', headers: { 'content-type': 'application/webhook+json', ...(signature === undefined ? {} : { authorization: signature }) }, body })
}

await t.test('forged', async t => {
  const id = await make(t)
  const token = await joinWith(t, id, ada)
  const visitor = livekit.join(token)
  await heard(id)
  const joined = last('participant_joined', visitor.sid)
  const left = changed(joined, { event: 'participant_left', id: 'EV_forged' })
  const stranger = changed(joined, { id: 'EV_stranger', participant: changed(joined.participant!, { identity: String(bob.id), sid: 'PA_forged' }) })
  const forgeries: Array<[string, (body: string) => string | undefined]> = [
    ['nothing', () => undefined],
    ['another secret', body => signed(body, { ...livekit.settings, apiSecret: 'another secret, which is long enough too' })],
    ['another key', body => signed(body, { ...livekit.settings, apiKey: 'APIother' })],
    ['over another body', body => signed(`${body} `, livekit.settings)],
    ["somebody's own token", () => token]
  ]
  for (const event of [left, stranger]) {
    for (const [about, sign] of forgeries) t.equal((await post(event, sign)).status, 401, about)
  }
  await heard(id)
  await expectTruth(t, id, [visitor], 'nothing has changed')
  t.match(await stats(id), { total_participants: 2, peak_viewers: 1 })

  t.match((await post(stranger)).json, { outcome: 'taken' }, 'LiveKit itself tells of somebody who never joined')
  await heard(id)
  t.match(await expectTruth(t, id, [visitor], 'who has no part in it is none of its people'), { total_participants: 2, peak_viewers: 1 })
  visitor.leave()
})

await t.test('told again', async t => {
  const id = await make(t)
  // Whole seconds are all that is told: within one, there is no earlier.
  webhooks.ageMs = 5_000
  const first = await visit(t, id, ada)
  first.leave()
  webhooks.ageMs = 0
  await heard(id)
  const second = await visit(t, id, ada)
  await heard(id)
  // What would do most harm comes last.
  const about = [last('participant_joined', second.sid), last('participant_joined', first.sid), last('participant_left', first.sid)]
  for (const event of about) t.match((await post(event)).json, { outcome: 'repeated' })
  for (const event of about) t.match((await post(changed(event, { id: `${event.id}x`, createdAt: event.createdAt - 3_600n }))).json, { outcome: 'old' }, 'an hour later')
  for (const event of about) t.match((await post(changed(event, { id: `${event.id}y` }))).json, { outcome: 'taken' }, 'under another id')
  await heard(id)
  await expectTruth(t, id, [first, second], 'it is there by its second connection')
  second.leave()
  await heard(id)
  for (const event of [last('participant_left', second.sid), ...about.reverse()]) t.match((await post(changed(event, { id: `${event.id}z` }))).json, { outcome: 'taken' })
  await heard(id)
  t.match(await expectTruth(t, id, [first, second], 'it is gone'), { total_participants: 2, peak_viewers: 1 })
})

await t.test('each told three times', async t => {
  const id = await make(t)
  webhooks.repeat(3)
  t.teardown(() => { webhooks.repeat(1) })
  const visitors = [await visit(t, id, ada), await visit(t, id, bob)]
  visitors[0]!.leave()
  await heard(id)
  t.match(await expectTruth(t, id, visitors, 'one of two'), { total_participants: 3, peak_viewers: 2 })
  visitors.push(await visit(t, id, ada))
  await heard(id)
  t.match(await expectTruth(t, id, visitors, 'both'), { total_participants: 3, peak_viewers: 2 })
  for (const visitor of visitors) visitor.leave()
  await heard(id)
  t.match(await expectTruth(t, id, visitors, 'nobody'), { total_participants: 3, peak_viewers: 2 })
})

await t.test('in another order: who left before they joined is gone, who came over again is there', async t => {
  const id = await make(t)
  webhooks.hold()
  const visitors = [await visit(t, id, ada)]
  visitors[0]!.leave()
  // The second connection ends the first.
  visitors.push(await visit(t, id, bob), await visit(t, id, bob))
  webhooks.release('reversed')
  await heard(id)
  t.match(await expectTruth(t, id, visitors, 'bob alone'), { total_participants: 3, peak_viewers: 1 })
  webhooks.hold()
  visitors[2]!.leave()
  visitors.push(await visit(t, id, ada))
  webhooks.release('reversed')
  await heard(id)
  await expectTruth(t, id, visitors, 'ada alone')
  visitors[3]!.leave()
})

await t.test('late, from the connection of a page that was loaded anew: its seat is kept', async t => {
  const id = await make(t, { max_participants: 1 })
  const comes = async (who: Person) => await client.ask('POST', `/sessions/${id}/join`, who, {})
  const visitors = [await visit(t, id, ada)]
  await heard(id)
  const token = await joinWith(t, id, ada)
  visitors[0]!.leave()
  await heard(id)
  await expectTruth(t, id, visitors, 'nobody is there')
  expectError(t, await comes(bob), 'SESSION_FULL', 'ada is about to be')
  visitors.push(livekit.join(token))
  await heard(id)
  await expectTruth(t, id, visitors, 'ada is')
  expectError(t, await comes(bob), 'SESSION_FULL', 'so that bob cannot')
  visitors[1]!.leave()
  await heard(id)
  expectBody(t, await comes(bob), 200, 'until she goes')
})

await t.test('late, from a room of earlier', async t => {
  const id = await make(t)
  const rooms = new RoomServiceClient(livekit.url, livekit.settings.apiKey, livekit.settings.apiSecret)
  const visitors = [await visit(t, id, ada), await visit(t, id, bob)]
  await heard(id)
  const { sid } = livekit.room(id)!
  webhooks.hold()
  await rooms.deleteRoom(id)
  t.strictSame(visitors.map(({ isConnected }) => isConnected), [false, false])
  visitors.push(await visit(t, id, ada))
  t.not(livekit.room(id)!.sid, sid, 'a new room')
  webhooks.release('reversed')
  await heard(id)
  await expectTruth(t, id, visitors, 'ada came again, bob did not')
  // Told as if it were new, of a room that is not there any more.
  for (const name of ['room_finished', 'participant_left'] as const) t.match((await post(changed(last(name), { id: `EV_late_${name}` }))).json, { outcome: 'taken' })
  await heard(id)
  await expectTruth(t, id, visitors, 'the room of now is another one')

  const held = last('participant_joined', visitors[2]!.sid)
  expectBody(t, await client.ask('PATCH', `/sessions/${id}`, owner, { status: 'live' }), 200, 'started')
  expectBody(t, await client.ask('POST', `/sessions/${id}/end`, owner), 200, 'ended')
  await livekit.settled()
  const ended = await stats(id)
  t.match(ended, { status: 'ended', current_viewers: 0, peak_viewers: 2 })
  t.match((await post(changed(held, { id: 'EV_after_the_end' }))).json, { outcome: 'taken' })
  const other = await make(t)
  await heard(other)
  t.strictSame(await stats(id), ended, 'it is over')
})

await t.test('who was kicked comes with the old token', async t => {
  const id = await make(t)
  const token = await joinWith(t, id, ada)
  const first = livekit.join(token)
  await heard(id)
  expectBody(t, await client.ask('POST', `/sessions/${id}/participants/${ada.id}/kick`, owner), 200, 'kicked')
  t.equal(first.isConnected, false)
  const again = livekit.join(token)
  const gone = new Promise<void>(resolve => { again.events.once('left', () => { resolve() }) })
  await gone
  t.equal(again.reason, 'PARTICIPANT_REMOVED')
  await heard(id)
  t.match(await expectTruth(t, id, [first, again], 'removed again'), { total_participants: 2, peak_viewers: 1 })
  expectError(t, await client.ask('POST', `/sessions/${id}/join`, ada, {}), 'FORBIDDEN', 'and gets no other')
})

await t.test('recordings: what is told twice, in another order, late, or by somebody else', async t => {
  const id = await make(t, { is_recorded: true })
  const at = `/sessions/${id}`
  webhooks.repeat(2)
  webhooks.hold()
  t.teardown(() => { webhooks.repeat(1) })
  const { recording_id: recordingId } = expectBody(t, await client.ask('POST', `${at}/start`, owner), 200, 'started')
  t.match(recordingId, /^rec_/)
  const recording = () => livekit.egress.list({ roomName: id, id: '', isActive: false })[0]!
  while (recording().status !== EgressStatus.EGRESS_ACTIVE) await new Promise(resolve => { setTimeout(resolve, 10) })
  livekit.advance(2_000)
  expectBody(t, await client.ask('POST', `${at}/recording/stop`, owner), 200, 'stopped')
  await livekit.settled()
  const info = recording()
  t.equal(info.status, EgressStatus.EGRESS_COMPLETE)
  const list = async () => (await client.ask('GET', `/recordings?session_id=${id}`, owner)).json.recordings
  t.strictSame(await list(), [], 'nobody has told of the file')
  webhooks.release('reversed')
  const [file] = info.fileResults
  const isTrue = (json: any) => json.recordings.length === 1 && json.recordings[0].recording_id === recordingId && json.recordings[0].size_bytes === Number(file!.size)
  await client.until(`/recordings?session_id=${id}`, owner, isTrue)
  await livekit.settled()
  const known = await list()
  t.match(known, [{ recording_id: recordingId, size_bytes: Number(file!.size), duration: Math.round(Number(file!.duration) / 1e9) }], 'it is what the stand-in wrote')

  const second = expectBody(t, await client.ask('POST', `${at}/recording/start`, owner), 200, 'another').recording_id
  const failed = changed(info, { status: EgressStatus.EGRESS_FAILED, error: 'as somebody says' })
  const told = changed(last('egress_ended', info.egressId), { id: 'EV_failed', egressInfo: failed })
  t.equal((await post(told, body => signed(body, { ...livekit.settings, apiSecret: 'another secret, which is long enough too' }))).status, 401)
  t.match((await post(told)).json, { outcome: 'taken' }, 'late, and not true any more')
  await heard(id)
  t.strictSame(await list(), known, 'what is there stays there')
  expectError(t, await client.ask('POST', `${at}/recording/start`, owner), 'INVALID_STATE', 'the second goes on')
  while (livekit.egress.list({ roomName: id, id: '', isActive: true })[0]?.status !== EgressStatus.EGRESS_ACTIVE) await new Promise(resolve => { setTimeout(resolve, 10) })
  t.match(expectBody(t, await client.ask('POST', `${at}/end`, owner), 200, 'ended'), { recording_url: new RegExp(`/recordings/${second}\\.mp4$`) })
  await client.until(`/recordings?session_id=${id}`, owner, ({ recordings }) => recordings.length === 2)
  t.strictSame((await list()).map((one: any) => one.recording_id), [second, recordingId], 'both, the newest first')
})

await t.test('all of it by chance: in the end the truth is known', async t => {
  const { livekit, client, owner, ada, bob, make, expectTruth } = asking
  const { webhooks } = livekit
  const random = new Random(SEED)
  const people = [ada, bob]
  while (people.length < 10) people.push(await client.person())
  const id = await make(t, { max_participants: MAX_BY_CHANCE })
  const clients: Client[] = []
  const joined = new Set<number>()
  let full = 0
  const steps: Array<[share: number, step: () => Promise<void>]> = [
    [0.5, async () => {
      const who = random.pick(people)
      const answer = await client.ask('POST', `/sessions/${id}/join`, who, {})
      if (answer.status === 409) {
        full++
        return
      }
      joined.add(who.id)
      // It has a seat: LiveKit has room for it.
      if (answer.status === 200) clients.push(livekit.join(answer.json.access_token))
      else t.fail(answer.text)
    }],
    [0.3, async () => {
      const connected = clients.filter(({ isConnected }) => isConnected)
      if (connected.length > 0) random.pick(connected)[random.pick(['leave', 'drop'] as const)]()
    }],
    [0.06, async () => { webhooks.lose() }],
    [0.04, async () => { webhooks.repeat(random.integer(1, 3)) }],
    [0.05, async () => { webhooks.hold() }],
    [0.05, async () => { webhooks.release(random.pick(['in order', 'reversed'] as const)) }]
  ]
  for (let count = 0; count < 200; count++) {
    let drawn = random.next()
    await steps.find(([share]) => (drawn -= share) < 0)?.[1]()
  }
  webhooks.release(random.pick(['in order', 'reversed'] as const))
  webhooks.repeat(1)
  await livekit.settled()
  const connected = clients.filter(({ isConnected }) => isConnected).map(({ identity }) => Number(identity)).sort()
  await client.until(`/sessions/${id}/stats`, owner, ({ participants }) => String(participants.filter((one: any) => one.is_present).map((one: any) => one.user_id).sort()) === String(connected))
  const figures = await expectTruth(t, id, clients, `seed ${SEED}`)
  t.comment(`seed ${SEED}: ${clients.length} came, ${full} found it full, ${connected.length} are there, ${figures.peak_viewers} at most`)
  t.equal(figures.total_participants, joined.size)
  t.ok(figures.peak_viewers <= MAX_BY_CHANCE && figures.peak_viewers >= connected.length, `${figures.peak_viewers} at most, of ${MAX_BY_CHANCE}`)
})

await t.test('lost: it is asked for', async t => {
  const { livekit, client, owner, ada, bob, make, join, visit, expectTruth } = asking
  const lost = livekit.webhooks.urls.splice(0)
  t.equal(lost.length, 1, 'nothing is told any more')
  const id = await make(t, { is_recorded: true })
  const viewers = async (count: number) => await client.until(`/sessions/${id}`, owner, json => json.current_viewers === count)
  expectBody(t, await client.ask('POST', `/sessions/${id}/start`, owner), 200, 'started')
  const visitors = [await visit(t, id, ada), await visit(t, id, bob)]
  await viewers(2)
  await expectTruth(t, id, visitors, 'two came')
  visitors[0]!.drop()
  await viewers(1)
  t.match(await expectTruth(t, id, visitors, 'one went'), { total_participants: 2, peak_viewers: 2 })
  const token = await join(t, id, ada)
  await client.ask('POST', `/sessions/${id}/participants/${ada.id}/kick`, owner)
  const kicked = livekit.join(token)
  const removed = new Promise<void>(resolve => { kicked.events.once('left', () => { resolve() }) })
  await removed
  await expectTruth(t, id, [...visitors, kicked], 'who was kicked is found and removed')
  while (livekit.egress.list({ roomName: id, id: '', isActive: true })[0]?.status !== EgressStatus.EGRESS_ACTIVE) await new Promise(resolve => { setTimeout(resolve, 10) })
  expectBody(t, await client.ask('POST', `/sessions/${id}/end`, owner), 200, 'ended')
  await client.until(`/recordings?session_id=${id}`, owner, ({ recordings }) => recordings.length === 1)
  await livekit.settled()
  const [info] = livekit.egress.list({ roomName: id, id: '', isActive: false })
  t.match((await client.ask('GET', `/recordings?session_id=${id}`, owner)).json.recordings, [{ size_bytes: Number(info!.fileResults[0]!.size) }], 'its recording is found too')
  t.equal(livekit.room(id), undefined)
})
