import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { perMinute } from '../../../src/http/endpoint-limit.ts'
import type { RouteOptions } from '../core.ts'
import { TICKET_QUERY } from '../playback-tickets.ts'
import { ASSIGNABLE_ROLES, canPublish, ROLE_SPELLINGS, type AssignableRole } from '../roles.ts'
import { streamKeyOf } from '../stream-access.ts'
import { accountHeaders, answer, displayName, errors, inviteToken, message, participantParams, role, sessionParams, TAG } from './schemas.ts'

const common = { tags: [TAG], headers: accountHeaders }

const joinSchema = {
  ...common,
  operationId: 'joinLiveSession',
  summary: 'A place in a session, and a token of its room',
  params: sessionParams,
  body: Type.Object({
    session_id: Type.Optional(Type.String({ description: 'As in the path.' })),
    invite_token: Type.Optional(inviteToken),
    display_name: Type.Optional(displayName)
  }),
  response: {
    200: answer({
      session_id: Type.String(),
      access_token: Type.String({ description: 'Token of the room. Join again for a new one.' }),
      server_url: Type.String({ description: 'Where the room is: a LiveKit server, or this one.' }),
      role,
      can_publish: Type.Boolean(),
      can_subscribe: Type.Boolean(),
      socket_path: Type.Optional(Type.String({ description: 'Without a LiveKit server: path of the WebSocket of the room.' })),
      stream_key: Type.Optional(Type.String({ description: 'The same, for the host: the stream that it publishes, with its access token as the credential.' })),
      playback_url: Type.Optional(Type.String({ description: 'The same: where it is watched, by who joined alone.' })),
      message: message('That they have joined.')
    }, 'They have joined'),
    ...errors([401, 403, 404, 409, 413, 414, 415], { 409: 'The session is over: INVALID_STATE; it is full: SESSION_FULL' })
  }
}

const leaveSchema = {
  ...common,
  operationId: 'leaveLiveSession',
  summary: 'Says that somebody goes; also who is not there',
  params: sessionParams,
  response: { 200: answer({ message: message('That they have left.') }, 'Gone'), ...errors([401, 404, 413, 414, 415]) }
}

const roleSchema = {
  ...common,
  operationId: 'changeLiveSessionRole',
  summary: 'Gives a participant another role, for the host and co-hosts',
  params: participantParams,
  body: Type.Object({ role: Type.Enum([...ASSIGNABLE_ROLES, ...Object.keys(ROLE_SPELLINGS)]) }),
  response: { 200: answer({ message: message('Which role they have.') }, 'Changed, at once'), ...errors([401, 403, 404, 409, 413, 414, 415]) }
}

const kickSchema = {
  ...common,
  operationId: 'kickFromLiveSession',
  summary: 'Removes a participant for good, for the host and co-hosts',
  params: participantParams,
  response: { 200: answer({ message: message('That they were removed.') }, 'Removed'), ...errors([401, 403, 404, 409, 413, 414, 415]) }
}

/** `/sessions/:session_id/…`: who comes, goes and is what; docs/api/live-sessions.md, 2.2 and 3. */
export const participantRoutes: FastifyPluginAsyncTypebox<RouteOptions> = async (scope, { sessions, access, addresses }) => {
  const { joining, rooms, tickets, provider } = sessions

  scope.post('/:session_id/join', { ...access.newcomer('join', perMinute(60)), schema: joinSchema }, async request => {
    const { id: userId, nickname } = request.account!
    const { session_id: named, display_name: displayName = nickname } = request.body
    const session = access.session(request)
    const { sessionId } = session
    if (named !== undefined && named !== sessionId) throw new HeadwaterError('INVALID_REQUEST', { fields: [{ field: 'session_id', message: 'must be that of the path' }] })
    const { participant: { role }, token } = await joining.join(session, { userId, displayName, role: access.invitedRole(request) })
    return {
      session_id: sessionId,
      access_token: token,
      server_url: addresses.rooms(request),
      role,
      can_publish: canPublish(role),
      can_subscribe: true,
      ...(provider.socketPath === undefined ? {} : { socket_path: provider.socketPath }),
      ...(rooms.hasMedia ? {} : await liveStream(sessionId, userId, role === 'host')),
      message: 'Joined session successfully'
    }
  })

  scope.post('/:session_id/leave', { ...access.inSession('leave', perMinute(120)), schema: leaveSchema }, async request => {
    await joining.leave(access.session(request), request.account!.id)
    return { message: 'Left session successfully' }
  })

  scope.patch('/:session_id/participants/:user_id', { ...access.moderator('role', perMinute(120), 'change roles'), schema: roleSchema }, async request => {
    const given = request.body.role
    const role = ROLE_SPELLINGS[given] ?? given as AssignableRole
    await joining.changeRole(access.session(request), access.target(request).userId, role)
    return { message: `Participant role updated to ${role}` }
  })

  scope.post('/:session_id/participants/:user_id/kick', { ...access.moderator('kick', perMinute(120), 'kick'), schema: kickSchema }, async request => {
    await joining.kick(access.session(request), access.target(request).userId, request.account!.id)
    return { message: 'Participant removed from session' }
  })

  /** Without a media server the host publishes through the live core, and everybody watches that. */
  async function liveStream (sessionId: string, userId: number, isHost: boolean): Promise<{ stream_key?: string, playback_url: string }> {
    const streamKey = streamKeyOf(sessionId)
    return {
      ...(isHost ? { stream_key: streamKey } : {}),
      playback_url: `${addresses.playback(streamKey)}?${TICKET_QUERY}=${await tickets.issue({ sessionId, userId })}`
    }
  }
}
