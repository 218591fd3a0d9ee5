import { Type, type Static } from 'typebox'

const seconds = { unit: 's' }

/** Live sessions: roles, invitations, moderation, recordings. */
export const liveSessionsSchema = Type.Object({
  enabled: Type.Enum(['on', 'off'], { default: 'on', env: 'LIVE_SESSIONS', description: 'off: no live sessions. They need accounts.' }),
  inviteSecret: Type.String({ default: '', secret: true, env: 'LIVE_INVITE_SECRET', description: 'Signs invitations (HS256), at least 32 characters. Empty: derived from the secret of accounts.' }),
  hostTokenSeconds: Type.Integer({ default: 21_600, minimum: 60, ...seconds, env: 'LIVE_HOST_TOKEN_SECONDS', description: 'A host can connect with its token for so long.' }),
  accessTokenSeconds: Type.Integer({ default: 600, minimum: 60, ...seconds, env: 'LIVE_ACCESS_TOKEN_SECONDS', description: 'The same for all others.' }),
  presenceTimeoutSeconds: Type.Number({ default: 60, exclusiveMinimum: 0, ...seconds, env: 'LIVE_PRESENCE_TIMEOUT_SECONDS', description: 'Who joined and did not connect within so long, or was not seen for so long, is gone.' }),
  reconcileSeconds: Type.Number({ default: 15, exclusiveMinimum: 0, ...seconds, env: 'LIVE_RECONCILE_SECONDS', description: 'How often who is there is compared with what the provider knows, and rooms that should not be open are closed.' }),
  rateLimitMultiplier: Type.Number({ default: 1, exclusiveMinimum: 0, env: 'LIVE_RATE_LIMIT_MULTIPLIER', description: 'Every limit on requests to live sessions is multiplied by this.' }),
  maxBodyBytes: Type.Integer({ default: 65_536, minimum: 1_024, unit: 'bytes', env: 'LIVE_MAX_BODY_BYTES', description: 'Largest body of a request.' })
}, { additionalProperties: false })

export type LiveSessionsConfig = Static<typeof liveSessionsSchema>
