import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { makeErrorHandler } from '../../src/http/error-handler.ts'
import { useOwnAnswers } from '../../src/http/json.ts'
import { useOwnValidation } from '../../src/http/validation.ts'
import type { Log } from '../../src/log.ts'
import type { RateLimits } from '../../src/platform/state/state.ts'
import type { RoomEvent } from '../../src/rooms/provider.ts'
import type { ToldEvent } from './livekit/webhook-event.ts'
import type { WebhookOutcome } from './metrics.ts'
import type { SigningKey } from './secret.ts'
import { verified } from './tokens.ts'

export interface WebhookOptions {
  signingKey: SigningKey
  /** An event that is older, or so far ahead, is a replay, or of a clock that is wrong. */
  maxAgeSeconds: number
  maxBytes: number
  /** Shared by all servers: which events were told. */
  limits: Pick<RateLimits, 'take'>
  /** @throws HeadwaterError `INVALID_REQUEST` */
  parseEvent: (body: string) => ToldEvent
  tell: (event: RoomEvent) => void
  onOutcome: (outcome: WebhookOutcome) => void
  log: Log
}

const errorBody = (description: string) => Type.Object({ error: Type.String(), code: Type.String() }, { description })

const webhookSchema = {
  tags: ['livekit'],
  operationId: 'receiveLivekitWebhook',
  summary: 'What LiveKit tells: rooms, people in them, recordings',
  description: 'For the webhooks of a LiveKit server, which signs them with the key of LIVEKIT_API_KEY. The body is its event as it was sent: the signature is over its bytes. What is old or was told before is taken and left alone.',
  headers: Type.Object({ authorization: Type.Optional(Type.String({ description: 'A JWT with the SHA-256 of the body, without "Bearer".' })) }),
  response: {
    200: Type.Object({ outcome: Type.Enum(['taken', 'ignored', 'old', 'repeated'], { description: 'ignored: nothing that anybody here wants to know.' }) }, { description: 'It has come' }),
    400: errorBody('INVALID_REQUEST: signed, but no event'),
    401: errorBody('ROOM_TOKEN_INVALID: not signed by LiveKit, or not with this body'),
    413: errorBody('PAYLOAD_TOO_LARGE'),
    415: errorBody('UNSUPPORTED_MEDIA_TYPE')
  }
}

const answerError = makeErrorHandler(({ message, code }) => ({ error: message, code }))

/** `POST /webhook`: events of LiveKit. They are hints: they come late, twice, or not at all. */
export const webhook: FastifyPluginAsync<WebhookOptions> = async (scope, options) => {
  const { signingKey, maxAgeSeconds, maxBytes, limits, parseEvent, tell, onOutcome, log } = options
  const maxAgeMs = maxAgeSeconds * 1000
  /** What the signatures of requests are over. */
  const digests = new WeakMap<FastifyRequest, string>()
  useOwnValidation(scope)
  useOwnAnswers(scope)
  // A child scope would inherit the host's, and the signature is over the bytes.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(['application/webhook+json', 'application/json'], { parseAs: 'buffer', bodyLimit: maxBytes }, (_request, body, done) => { done(null, body) })
  scope.setErrorHandler(async (error: unknown, request, reply) => {
    onOutcome('refused')
    return await answerError(error, request, reply)
  })
  // Before the body is read: a stranger's is not.
  scope.addHook('onRequest', async request => { digests.set(request, await signedDigest(signingKey, request.headers.authorization)) })

  const outcomeOf = async ({ id, at, event }: ToldEvent): Promise<WebhookOutcome> => {
    const ageMs = Date.now() - at.getTime()
    if (Math.abs(ageMs) > maxAgeMs) {
      log.warn({ event: id, ageSeconds: Math.round(ageMs / 1000) }, 'an event of LiveKit was left alone: it is too old, or clocks differ')
      return 'old'
    }
    if (event === undefined) return 'ignored'
    // From the earliest to the latest moment at which it would be taken.
    const { left } = await limits.take(`livekit-event:${id}`, 1, 2 * maxAgeMs)
    if (left < 0) return 'repeated'
    tell(event)
    return 'taken'
  }

  scope.post('/webhook', { schema: webhookSchema }, async request => {
    const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0)
    if (!isDigestOf(digests.get(request), body)) throw refused('The signature of the webhook is over another body: something in between may have changed it')
    const outcome = await outcomeOf(parseEvent(body.toString()))
    onOutcome(outcome)
    return { outcome }
  })
}

/** @throws HeadwaterError `ROOM_TOKEN_INVALID` */
async function signedDigest (signingKey: SigningKey, authorization: string | undefined): Promise<string> {
  if (authorization === undefined || authorization === '') throw refused('The webhook is not signed: it needs the header Authorization')
  const { sha256 } = await verified(signingKey, authorization.replace(/^Bearer /i, '')).catch(cause => { throw refused('The webhook is not signed with the key of LIVEKIT_API_KEY, or too long ago', cause) })
  // People have tokens of this key, too.
  if (typeof sha256 !== 'string') throw refused('The signature of the webhook is over no body')
  return sha256
}

function refused (message: string, cause?: unknown): HeadwaterError {
  return new HeadwaterError('ROOM_TOKEN_INVALID', { message, ...(cause === undefined ? {} : { cause }) })
}

function isDigestOf (digest: string | undefined, body: Buffer): boolean {
  const given = Buffer.from(digest ?? '', 'base64')
  const expected = createHash('sha256').update(body).digest()
  return given.length === expected.length && timingSafeEqual(given, expected)
}
