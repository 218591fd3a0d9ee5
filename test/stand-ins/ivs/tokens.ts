import { randomBytes, verify } from 'node:crypto'
import type { PublicKeys } from './public-keys.ts'
import { randomId } from './random-id.ts'
import type { Stage, Stages } from './stages.ts'

const LONGEST_SECONDS = 1_209_600
/** AWS signs its own with a key of its own; what is in them is nobody's business. */
const OPAQUE_HEADER = Buffer.from('{"alg":"KMS","typ":"JWT"}').toString('base64url')

export interface TokenClaims {
  stageArn: string
  participantId: string
  userId: string
  attributes: Record<string, string>
  mayPublish: boolean
  maySubscribe: boolean
  expiresMs: number
}

/** Why a client is not let in. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
}

function refuse (why: string): never {
  throw new TokenRefused(why)
}

/** Tokens that clients come with: those that were asked for here, and those that customers sign themselves. */
export class Tokens {
  readonly #issued = new Map<string, TokenClaims>()
  readonly #stages: Stages
  readonly #keys: PublicKeys
  readonly #now: () => number

  constructor (stages: Stages, keys: PublicKeys, now: () => number) {
    this.#stages = stages
    this.#keys = keys
    this.#now = now
  }

  issue (claims: Omit<TokenClaims, 'participantId'>): TokenClaims & { token: string } {
    const participantId = randomId(12)
    const token = `${OPAQUE_HEADER}.${Buffer.from(participantId).toString('base64url')}.${randomBytes(48).toString('base64url')}`
    const issued = { ...claims, participantId }
    this.#issued.set(token, issued)
    return { ...issued, token }
  }

  /** @throws TokenRefused */
  check (token: string): { claims: TokenClaims, stage: Stage } {
    const claims = token.startsWith(OPAQUE_HEADER) ? this.#issued.get(token) ?? refuse('This token was not issued here') : this.#selfSigned(token)
    if (this.#now() >= claims.expiresMs) refuse('The token has expired')
    return { claims, stage: this.#stages.find(claims.stageArn) ?? refuse('Join auth error, it is possible that the stage has been deleted') }
  }

  /** All claims but `user_id` and `attributes` must be there (docs.aws.amazon.com/ivs/latest/RealTimeUserGuide/getting-started-distribute-tokens.html). */
  #selfSigned (token: string): TokenClaims {
    const { header, payload, signed, signature } = parts(token)
    if (header['alg'] !== 'ES384' || header['typ'] !== 'JWT') refuse('The header must say alg ES384 and typ JWT')
    const key = this.#keys.find(String(header['kid'])) ?? refuse('No public key was imported under kid')
    if (signature.length !== 96 || !verify('sha384', signed, { key: key.key, dsaEncoding: 'ieee-p1363' }, signature)) refuse('The signature does not fit the public key')
    const { exp, iat, jti, resource, topic, events_url: events, whip_url: whip, capabilities, version, user_id: userId = '', attributes = {}, ...others } = payload
    if (!Number.isInteger(exp) || !Number.isInteger(iat) || Number(exp) - Number(iat) > LONGEST_SECONDS || Number(exp) <= Number(iat)) refuse('exp and iat must be whole seconds, at most 14 days apart')
    if (typeof jti !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(jti)) refuse('jti must have 1 to 64 characters of A-Z a-z 0-9 _ -')
    if (version !== '1.0') refuse('version must be 1.0')
    if (typeof userId !== 'string' || userId.length > 128) refuse('user_id is longer than 128 characters')
    if (!isTexts(attributes) || Buffer.byteLength(Object.entries(attributes).flat().join('')) > 1_024) refuse('attributes must be texts, up to 1 KB')
    if (Object.keys(others).length > 0) refuse(`There are claims that nobody knows: ${Object.keys(others).join()}`)
    const stage = this.#stages.find(String(resource)) ?? refuse('Join auth error, it is possible that the stage has been deleted')
    if (topic !== stage.arn.slice(stage.arn.lastIndexOf('/') + 1)) refuse('topic must be the id of the stage')
    if (events !== stage.endpoints.events || whip !== stage.endpoints.whip) refuse("events_url and whip_url must be the stage's")
    const { allow_publish: mayPublish = false, allow_subscribe: maySubscribe = false, ...unknown } = Object(capabilities) as Record<string, unknown>
    if (typeof mayPublish !== 'boolean' || typeof maySubscribe !== 'boolean' || (!mayPublish && !maySubscribe) || Object.keys(unknown).length > 0) refuse('capabilities must be allow_publish, allow_subscribe or both')
    return { stageArn: stage.arn, participantId: jti, userId, attributes, mayPublish, maySubscribe, expiresMs: Number(exp) * 1000 }
  }
}

function isTexts (value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every(one => typeof one === 'string')
}

function parts (token: string): { header: Record<string, unknown>, payload: Record<string, unknown>, signed: Buffer, signature: Buffer } {
  const [header = '', payload = '', signature = ''] = token.split('.')
  try {
    return { header: decode(header), payload: decode(payload), signed: Buffer.from(`${header}.${payload}`), signature: Buffer.from(signature, 'base64url') }
  } catch {
    return refuse('This is no token')
  }
}

function decode (part: string): Record<string, unknown> {
  return Object(JSON.parse(Buffer.from(part, 'base64url').toString()))
}
