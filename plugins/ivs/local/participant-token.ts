import { SignJWT } from 'jose'
import { CAPABILITIES, type IssuedToken, type TokenRequest } from '../provider.ts'

/**
 * A token with the claims that AWS asks of one that was signed by somebody else (reference: "Generate and Sign IVS
 * Participant Tokens"), but for the algorithm, HS256.
 */
export async function signToken (secret: Uint8Array, participantId: string, { stage, role, userId, lifeSeconds, attributes }: TokenRequest): Promise<IssuedToken> {
  const now = Math.floor(Date.now() / 1000)
  const capabilities = Object.fromEntries(CAPABILITIES[role].map(capability => [`allow_${capability.toLowerCase()}`, true]))
  const token = await new SignJWT({
    user_id: userId,
    resource: stage.arn,
    topic: stage.arn.slice(stage.arn.lastIndexOf('/') + 1),
    ...(stage.endpoints.events === undefined ? {} : { events_url: stage.endpoints.events }),
    ...(stage.endpoints.whip === undefined ? {} : { whip_url: stage.endpoints.whip }),
    capabilities,
    ...(attributes === undefined ? {} : { attributes }),
    version: '1.0'
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setJti(participantId)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .sign(secret)
  return { token, participantId, expiresAt: new Date((now + lifeSeconds) * 1000) }
}
