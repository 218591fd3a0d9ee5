import type { IncomingHttpHeaders } from 'node:http'
import jwt from 'jsonwebtoken'

export interface Credentials {
  apiKey: string
  apiSecret: string
}

/** What a token allows; names of sources are in lower case. */
export interface VideoGrant {
  roomCreate?: boolean
  roomList?: boolean
  roomRecord?: boolean
  roomAdmin?: boolean
  roomJoin?: boolean
  room?: string
  canPublish?: boolean
  canPublishSources?: string[]
  canSubscribe?: boolean
  canPublishData?: boolean
  canUpdateOwnMetadata?: boolean
  hidden?: boolean
  recorder?: boolean
}

export interface Claims {
  /** The identity. */
  sub?: string
  name?: string
  metadata?: string
  attributes?: Record<string, string>
  kind?: string
  video?: VideoGrant
}

/** A request without a token that is good; LiveKit answers it in plain text, before any method is looked at. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized'
}

const BEARER = 'Bearer '

/** @param nowMs the time that it is checked with @throws Unauthorized */
export function readToken (token: string, { apiKey, apiSecret }: Credentials, nowMs: number): Claims {
  const issuer = jwt.decode(token, { json: true })?.iss
  if (issuer === undefined) throw new Unauthorized('invalid authorization token')
  if (issuer !== apiKey) throw new Unauthorized(`invalid API key: ${issuer}`)
  try {
    return jwt.verify(token, apiSecret, { algorithms: ['HS256'], clockTimestamp: nowMs / 1000 }) as Claims
  } catch (error) {
    // As it is: the whole token stands in the answer.
    throw new Unauthorized(`invalid token: ${token}, error: ${(error as Error).message}`)
  }
}

/** @returns nothing where there is no token: then nothing is allowed @throws Unauthorized */
export function claimsOf ({ authorization }: IncomingHttpHeaders, query: URLSearchParams, credentials: Credentials, nowMs: number): Claims | undefined {
  if (authorization !== undefined && !authorization.startsWith(BEARER)) throw new Unauthorized(`invalid authorization header. Must start with ${BEARER}`)
  const token = authorization?.slice(BEARER.length) ?? query.get('access_token') ?? ''
  return token === '' ? undefined : readToken(token, credentials, nowMs)
}
