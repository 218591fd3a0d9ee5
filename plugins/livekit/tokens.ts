/**
 * Tokens of rooms in LiveKit's form (HS256), for rooms at a LiveKit server and local ones alike. What they allow is always
 * said in full: LiveKit allows what a token does not speak of.
 */
import { jwtVerify, SignJWT, type JWTPayload } from 'jose'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Permissions, RoomToken, TrackSource } from '../../src/rooms/provider.ts'
import type { SigningKey } from './secret.ts'

const ALGORITHM = 'HS256'
/** Clocks of several servers differ by so much. */
const TOLERANCE_SECONDS = 10

const SOURCES: readonly TrackSource[] = ['camera', 'microphone', 'screen_share', 'screen_share_audio']

/** The claim `video`. */
interface Grants {
  room: string
  roomJoin: boolean
  roomAdmin: boolean
  canPublish: boolean
  /** Left out: all. */
  canPublishSources?: readonly TrackSource[]
  canSubscribe: boolean
  canPublishData: boolean
  canUpdateOwnMetadata: boolean
}

/** What a token says of who has it. */
export type RoomTokenClaims = Pick<RoomToken, 'room' | 'identity' | 'name' | 'permissions'> & Required<Pick<RoomToken, 'attributes' | 'isAdmin'>>

/** It is never good for making rooms: who may make rooms may delete all of them. */
export async function makeToken ({ key, secret }: SigningKey, { room, identity, name, permissions, isAdmin = false, attributes, lifeSeconds }: RoomToken): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    ...(name === undefined ? {} : { name }),
    ...(attributes === undefined ? {} : { attributes }),
    video: grantsOf(room, permissions, isAdmin)
  }
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(key)
    .setSubject(identity)
    .setNotBefore(now)
    .setExpirationTime(now + lifeSeconds)
    .sign(secretOf(secret))
}

/** @throws HeadwaterError `ROOM_TOKEN_INVALID` */
export async function readToken (signingKey: SigningKey, token: string): Promise<RoomTokenClaims> {
  const { sub: identity, name, attributes, video } = await verified(signingKey, token)
  const { room, roomJoin, roomAdmin, ...permissions } = recordOf(video)
  if (identity === undefined || identity === '' || typeof room !== 'string' || room === '' || roomJoin !== true) throw new HeadwaterError('ROOM_TOKEN_INVALID', { message: 'The token is not good for joining a room' })
  return {
    room,
    identity,
    ...(typeof name === 'string' ? { name } : {}),
    attributes: Object.fromEntries(Object.entries(recordOf(attributes)).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    isAdmin: roomAdmin === true,
    permissions: permissionsOf(permissions)
  }
}

/** The claims of a token that this key has signed. @throws HeadwaterError `ROOM_TOKEN_INVALID` */
export async function verified ({ key, secret }: SigningKey, token: string): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, secretOf(secret), { algorithms: [ALGORITHM], issuer: key, requiredClaims: ['exp'], clockTolerance: TOLERANCE_SECONDS })
    return payload
  } catch (cause) {
    throw new HeadwaterError('ROOM_TOKEN_INVALID', { cause })
  }
}

function grantsOf (room: string, { canPublish, sources, canSubscribe, canPublishData }: Permissions, isAdmin: boolean): Grants {
  return {
    room,
    roomJoin: true,
    roomAdmin: isAdmin,
    canPublish,
    // Some servers let sources count without canPublish.
    ...(canPublish && sources.length > 0 ? { canPublishSources: sources } : {}),
    canSubscribe,
    canPublishData,
    canUpdateOwnMetadata: false
  }
}

/** What a token of somebody else's making does not say is as LiveKit takes it. */
function permissionsOf ({ canPublish, canPublishSources, canSubscribe, canPublishData }: Record<string, unknown>): Permissions {
  const named: unknown[] = Array.isArray(canPublishSources) ? canPublishSources : []
  const sources = SOURCES.filter(source => named.includes(source))
  const mayPublish = canPublish !== false && (named.length === 0 || sources.length > 0)
  return {
    canPublish: mayPublish,
    sources: mayPublish ? sources : [],
    canSubscribe: canSubscribe !== false,
    canPublishData: canPublishData === undefined ? mayPublish : canPublishData === true
  }
}

function recordOf (value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
}

function secretOf (secret: string): Uint8Array {
  return new TextEncoder().encode(secret)
}
