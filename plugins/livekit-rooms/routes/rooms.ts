import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { OpenRooms } from '../open-rooms.ts'
import { answers, createdRoom, DEFAULTS, joinBody, joinedRoom, MAX_NAME_BYTES, newRoomBody, openRoom, roomList, roomParams, TAG } from './schemas.ts'

export interface RoomsOptions {
  rooms: OpenRooms
  /** Where one connects to with a token. @returns without a slash at the end */
  addressFor: (request: FastifyRequest) => string
  /** Path of the socket of local rooms, where there is one. */
  socketPath: string | undefined
}

const createSchema = {
  tags: [TAG],
  operationId: 'createRoom',
  summary: 'A new room, and a token for whoever makes it',
  body: newRoomBody,
  response: answers(createdRoom, [400, 413, 415])
}

const joinSchema = {
  tags: [TAG],
  summary: 'A token for a room',
  body: joinBody,
  response: answers(joinedRoom, [400, 404, 413, 415])
}

const getSchema = {
  tags: [TAG],
  operationId: 'getRoom',
  summary: 'A room',
  params: roomParams,
  response: answers(openRoom, [400, 404])
}

const listSchema = {
  tags: [TAG],
  operationId: 'listRooms',
  summary: 'The rooms that are open',
  response: answers(roomList, [])
}

/** Below `/api`: `POST /room/create`, `POST /room/join` and its like `POST /token`, `GET /room/:roomId`, `GET /rooms` */
export const roomRoutes: FastifyPluginAsyncTypebox<RoomsOptions> = async (scope, { rooms, addressFor, socketPath }) => {
  const socket = socketPath === undefined ? {} : { socketPath }

  scope.post('/room/create', { schema: createSchema, config: { roomsFailure: 'Failed to create room' } }, async request => {
    const wanted = { ...DEFAULTS, ...request.body }
    const { userName, roomTopic, description, maxParticipants } = wanted
    checkIdentity(userName)
    const { roomId, token } = await rooms.create(wanted)
    const livekitUrl = addressFor(request)
    return { roomId, roomUrl: `${livekitUrl}/${roomId}`, roomTopic, description, maxParticipants, userName, token, livekitUrl, ...socket }
  })

  for (const { path, operationId } of [{ path: '/room/join', operationId: 'joinRoom' }, { path: '/token', operationId: 'issueRoomToken' }]) {
    scope.post(path, { schema: { ...joinSchema, operationId }, config: { roomsFailure: 'Failed to join room' } }, async request => {
      const { roomId, userName } = request.body
      checkIdentity(userName)
      return { token: await rooms.join(roomId, userName), url: addressFor(request), ...socket }
    })
  }

  scope.get('/room/:roomId', { schema: getSchema, config: { roomsFailure: 'Failed to get room' } }, async ({ params: { roomId } }) => await rooms.get(roomId))

  scope.get('/rooms', { schema: listSchema, config: { roomsFailure: 'Failed to list rooms' } }, async () => {
    const open = await rooms.list()
    return { rooms: open, total: open.length }
  })
}

/** With a longer one LiveKit would refuse the token. A schema counts characters. */
function checkIdentity (userName: string): void {
  if (Buffer.byteLength(userName) > MAX_NAME_BYTES) throw new HeadwaterError('INVALID_REQUEST', { message: `userName must have at most ${MAX_NAME_BYTES} bytes` })
}
