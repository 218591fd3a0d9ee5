import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../../src/http/coded-schemas.ts'
import { perMinute } from '../../../src/http/endpoint-limit.ts'
import { wholeSeconds } from '../../../src/http/whole-seconds.ts'
import { onlookerOf } from '../access.ts'
import { attendedSeconds, listParticipants } from '../attendance.ts'
import type { RouteOptions } from '../core.ts'
import { readTime } from '../moment.ts'
import type { Begun } from '../lifecycle.ts'
import { INVITED_ROLES } from '../roles.ts'
import { durationOf, sessionBody, type SeenSession, type SessionRow } from '../session.ts'
import { addSession, changeSession, countViewers, holdSession, listSessions } from '../session-store.ts'
import { mustBeOpen } from '../session-state.ts'
import {
  accountHeaders, address, answer, description, errors, inviteToken, listedSession, maxParticipants, message, moment, pageOf, role, scheduledAt, sessionDetails, sessionParams, sessionType, status, TAG,
  timestamp, title
} from './schemas.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'

const common = { tags: [TAG], headers: accountHeaders }
const link = Type.String({ description: 'Address of the session, with the invitation where it is private.' })

const begunRecording = {
  recording_id: Type.Optional(Type.String({ description: 'Of the recording that began as it became live.' })),
  recording_problem: Type.Optional(Type.String({ description: 'Why it is not recorded although it should be.' }))
}

const createSchema = {
  ...common,
  operationId: 'createLiveSession',
  summary: 'Makes a session, for mentors and administrators',
  body: Type.Object({
    title,
    description: Type.Optional(description),
    session_type: Type.Optional(sessionType),
    max_participants: Type.Optional(maxParticipants),
    is_public: Type.Optional(Type.Boolean()),
    is_recorded: Type.Optional(Type.Boolean()),
    scheduled_at: Type.Optional(scheduledAt)
  }),
  response: {
    201: answer({ session_id: Type.String(), invite_link: link, invite_token: Type.Optional(inviteToken), host_token: Type.String({ description: 'Token of the room for the host.' }), created_at: timestamp, message: message('That it was made.') }, 'It is there'),
    ...errors([401, 403, 413, 415])
  }
}

const listSchema = {
  tags: [TAG],
  operationId: 'listLiveSessions',
  summary: 'Sessions, those that are live first: public ones, and of who is logged in their own and those that they joined',
  querystring: Type.Object({
    status: Type.Optional(status),
    session_type: Type.Optional(sessionType),
    is_public: Type.Optional(Type.Boolean()),
    owner_id: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    joined: Type.Optional(Type.Boolean({ description: 'True: only sessions of others that whoever is logged in took part in; of nobody, none.' })),
    ...pageOf
  }),
  response: {
    200: answer({ sessions: Type.Array(listedSession), total_count: Type.Integer({ description: 'In all pages.' }), page: Type.Integer(), page_size: Type.Integer(), total_pages: Type.Integer() }, 'A page of them'),
    ...errors([])
  }
}

const detailsSchema = {
  tags: [TAG],
  operationId: 'getLiveSession',
  summary: 'A session; a private one for its owner, administrators, and whoever is logged in and has an invitation',
  params: sessionParams,
  querystring: Type.Object({ invite_token: Type.Optional(inviteToken) }),
  headers: Type.Object({ 'x-invite-token': Type.Optional(Type.String({ description: 'The invitation, where it does not stand in the query.' })) }),
  response: { 200: { ...sessionDetails, description: 'The session' }, ...errors([401, 403, 404, 414]) }
}

const updateSchema = {
  ...common,
  operationId: 'updateLiveSession',
  summary: 'Changes a session, for its owner; a status is as starting, ending or cancelling it',
  params: sessionParams,
  body: Type.Object({ title: Type.Optional(title), description: Type.Optional(description), status: Type.Optional(status), scheduled_at: Type.Optional(scheduledAt) }),
  response: { 200: answer({ ...begunRecording, message: message('That it was changed.') }, 'Changed'), ...errors([401, 403, 404, 409, 413, 414, 415]) }
}

const startSchema = {
  ...common,
  operationId: 'startLiveSession',
  summary: 'Makes a session live, for its owner; one that is live stays as it is',
  params: sessionParams,
  response: {
    200: answer({
      session_id: Type.String(),
      status: Type.Literal('live'),
      started_at: timestamp,
      ...begunRecording,
      message: message('That it was started.')
    }, 'It is live'),
    ...errors([401, 403, 404, 409, 413, 414, 415])
  }
}

const endSchema = {
  ...common,
  operationId: 'endLiveSession',
  summary: 'Ends a session that is live, with its recording, for its owner; one that has ended stays as it is',
  params: sessionParams,
  response: {
    200: answer({ session_id: Type.String(), status: Type.Literal('ended'), ended_at: timestamp, duration: Type.Integer({ description: 'Seconds.' }), recording_url: { ...address, description: 'Null where nothing was recorded. The file may not be there yet.' }, message: message('That it was ended.') }, 'It has ended'),
    ...errors([401, 403, 404, 409, 413, 414, 415])
  }
}

const statisticsSchema = {
  ...common,
  operationId: 'getLiveSessionStatistics',
  summary: 'Who was there, for the owner and administrators',
  params: sessionParams,
  response: {
    200: answer({
      session_id: Type.String(),
      status,
      current_viewers: Type.Integer({ description: 'People who are there, without the host.' }),
      total_participants: Type.Integer({ description: 'Users who ever joined.' }),
      duration: Type.Integer({ description: 'Seconds since the start, in all once it has ended.' }),
      started_at: moment,
      peak_viewers: Type.Integer({ description: 'Most people, without the host, at the same time.' }),
      participants: Type.Array(Type.Object({ user_id: Type.Integer(), display_name: Type.String(), role, joined_at: timestamp, duration: Type.Integer({ description: 'Seconds, over all stays.' }), is_present: Type.Boolean() }))
    }, 'The figures'),
    ...errors([401, 403, 404, 414])
  }
}

const deleteSchema = {
  ...common,
  operationId: 'deleteLiveSession',
  summary: 'Deletes a session, for its owner and administrators; one that is live is ended first',
  params: sessionParams,
  response: { 200: answer({ message: message('That it was deleted.') }, 'Deleted'), ...errors([401, 403, 404, 413, 414, 415]) }
}

const inviteSchema = {
  ...common,
  operationId: 'renewLiveSessionInvitation',
  summary: 'A new invitation to a private session, for its owner: the earlier ones are void',
  params: sessionParams,
  body: Type.Object({ role: Type.Optional(Type.Enum([...INVITED_ROLES], { description: 'What whoever comes with it for the first time is. Default: viewer.' })) }),
  response: { 200: answer({ session_id: Type.String(), invite_link: link, invite_token: inviteToken, message: message('That it is the one which is good.') }, 'The new invitation'), ...errors([401, 403, 404, 409, 413, 414, 415]) }
}

/** `/sessions`: docs/api/live-sessions.md, 2, without joining. */
export const sessionRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (scope, { sessions, access, accounts, addresses, log }) => {
  const { orm, rooms, invitations, lifecycle, recordings } = sessions

  scope.post('', { ...access.creator('create', perMinute(30)), schema: createSchema }, async (request, reply) => {
    const account = request.account!
    const { title, description = null, session_type: sessionType = 'teaching', max_participants: maxParticipants = 50, is_public: isPublic = false, is_recorded: isRecorded = false, scheduled_at: at } = request.body
    const sessionId = randomUUID()
    const scheduledAt = readTime('scheduled_at', at) ?? null
    const inviteToken = isPublic ? null : await invitations.issue({ sessionId, version: 1 }, 'viewer')
    const session = await addSession(orm, { sessionId, ownerId: account.id, title, description, sessionType, maxParticipants, isPublic, isRecorded, scheduledAt, inviteToken })
    log.info({ session: sessionId, owner: account.id }, 'live session made')
    const hostToken = await rooms.token(session, { userId: account.id, displayName: account.nickname, role: 'host' })
    return await reply.code(201).send({ session_id: sessionId, ...invitation(request, session), host_token: hostToken, created_at: wholeSeconds(session.createdAt), message: 'Live session created successfully' })
  })

  scope.get('', { ...access.anyone('list', perMinute(300)), schema: listSchema }, async request => {
    const { status, session_type: sessionType, is_public: isPublic, owner_id: ownerId, joined = false, page = 1, page_size: asked = DEFAULT_PAGE_SIZE } = request.query as Static<typeof listSchema.querystring>
    const size = Math.min(asked, MAX_PAGE_SIZE)
    const { rows, total } = await listSessions(orm, onlookerOf(request), {
      ...(status === undefined ? {} : { status }),
      ...(sessionType === undefined ? {} : { sessionType }),
      ...(isPublic === undefined ? {} : { isPublic }),
      ...(ownerId === undefined ? {} : { ownerId }),
      // No account has the id 0.
      ...(joined ? { joinedBy: request.account?.id ?? 0 } : {}),
      limit: size,
      offset: (page - 1) * size
    })
    return { sessions: (await withPeople(rows)).map(sessionBody), total_count: total, page, page_size: size, total_pages: Math.ceil(total / size) }
  })

  scope.get('/:session_id', { ...access.onlooker('get', perMinute(300)), schema: detailsSchema }, async request => {
    const session = access.session(request)
    const [seen] = await withPeople([session])
    return {
      ...sessionBody(seen!),
      description: session.description,
      is_recording: session.status === 'live' && await recordings.isRunning(session),
      recording_url: session.status === 'ended' ? session.recordingUrl : null,
      ...(access.asker(request).standing === 'host' ? invitation(request, session) : {})
    }
  })

  scope.patch('/:session_id', { ...access.actor('update', perMinute(120), 'update'), schema: updateSchema }, async request => {
    const { title, description, status, scheduled_at: at } = request.body
    const scheduledAt = readTime('scheduled_at', at)
    const begun = await lifecycle.update(access.session(request), {
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(scheduledAt === undefined ? {} : { scheduledAt })
    }, status)
    return { ...begunBody(begun), message: 'Session updated successfully' }
  })

  scope.post('/:session_id/start', { ...access.actor('start', perMinute(60), 'start'), schema: startSchema }, async request => {
    const { session: { sessionId, status, startedAt }, begun } = await lifecycle.start(access.session(request))
    return {
      session_id: sessionId,
      status: status as 'live',
      started_at: wholeSeconds(startedAt!),
      ...begunBody(begun),
      message: 'Session started successfully'
    }
  })

  scope.post('/:session_id/end', { ...access.actor('end', perMinute(60), 'end'), schema: endSchema }, async request => {
    const session = await lifecycle.end(access.session(request))
    const { sessionId, status, endedAt, recordingUrl } = session
    return { session_id: sessionId, status: status as 'ended', ended_at: wholeSeconds(endedAt!), duration: durationOf(session, endedAt!), recording_url: recordingUrl, message: 'Session ended successfully' }
  })

  scope.get('/:session_id/stats', { ...access.actor('statistics', perMinute(120), 'see statistics'), schema: statisticsSchema }, async request => {
    const session = access.session(request)
    const now = new Date()
    const people = await listParticipants(orm, session.sessionId)
    return {
      session_id: session.sessionId,
      status: session.status,
      current_viewers: people.filter(({ role, presentSince }) => role !== 'host' && presentSince !== null).length,
      total_participants: people.length,
      duration: durationOf(session, now),
      started_at: session.startedAt === null ? null : wholeSeconds(session.startedAt),
      peak_viewers: session.peakViewers,
      participants: people.map(person => ({
        user_id: person.userId,
        display_name: person.displayName,
        role: person.role,
        joined_at: wholeSeconds(person.joinedAt),
        duration: attendedSeconds(person, now),
        is_present: person.presentSince !== null
      }))
    }
  })

  scope.delete('/:session_id', { ...access.actor('delete', perMinute(60), 'delete'), schema: deleteSchema }, async request => {
    await lifecycle.delete(access.session(request))
    return { message: 'Session deleted successfully' }
  })

  scope.post('/:session_id/invite', { ...access.actor('invite', perMinute(30), 'invite'), schema: inviteSchema }, async request => {
    const { sessionId } = access.session(request)
    // One after the other: of several at once each has a version of its own, and the last one's is kept.
    const session = await orm.transaction(async transaction => {
      const { status, isPublic, inviteVersion } = await holdSession(transaction, sessionId)
      mustBeOpen(status)
      if (isPublic) throw new HeadwaterError('INVALID_STATE', { message: 'A public session needs no invitation' })
      const version = inviteVersion + 1
      const inviteToken = await invitations.issue({ sessionId, version }, request.body.role ?? 'viewer')
      return await changeSession(transaction, sessionId, { inviteToken, inviteVersion: version })
    })
    return { session_id: sessionId, ...invitation(request, session), message: 'Invitation renewed: earlier links are void' }
  })

  /** How others come to a session. */
  function invitation (request: FastifyRequest, { sessionId, inviteToken }: SessionRow): { invite_link: string, invite_token?: string } {
    const address = addresses.session(request, sessionId)
    return inviteToken === null ? { invite_link: address } : { invite_link: `${address}?invite_token=${inviteToken}`, invite_token: inviteToken }
  }

  async function withPeople (rows: readonly SessionRow[]): Promise<SeenSession[]> {
    const viewers = await countViewers(orm, rows.map(({ sessionId }) => sessionId))
    const owners = await accounts.find([...new Set(rows.map(({ ownerId }) => ownerId))])
    return rows.map(session => ({ session, viewers: viewers.get(session.sessionId) ?? 0, ownerName: owners.get(session.ownerId)?.nickname ?? '' }))
  }
}

/** What a start says of the recording that was to begin with it. */
function begunBody (begun: Begun): Static<TObject<typeof begunRecording>> {
  if (begun === undefined) return {}
  return 'problem' in begun ? { recording_problem: begun.problem } : { recording_id: begun.recording.recordingId }
}
