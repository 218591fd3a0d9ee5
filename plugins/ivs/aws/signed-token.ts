import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { reasonOf } from '../../../src/errors/reason.ts'
import { CAPABILITIES, type IssuedToken, type TokenRequest } from '../provider.ts'
import type { StageEndpoints } from '../stage.ts'
import { parseStageArn } from './stage-arn.ts'

const CURVE = 'secp384r1'
const VERSION = '1.0'

/**
 * Tokens that are signed here, and that AWS checks with a public key that it has (reference: "Distribute Tokens", key
 * pairs). AWS need not be asked for them.
 */
export class TokenSigner {
  readonly keyArn: string
  readonly #key: KeyObject

  private constructor (keyArn: string, key: KeyObject) {
    this.keyArn = keyArn
    this.#key = key
  }

  /** @throws HeadwaterError `CONFIG_INVALID` for a key that is not what it must be */
  static from ({ signingKey, signingKeyArn }: Pick<IvsConfig, 'signingKey' | 'signingKeyArn'>): TokenSigner {
    if (!/^arn:aws[a-z-]*:ivs:[a-z0-9-]+:\d{12}:public-key\/[A-Za-z0-9-]+$/.test(signingKeyArn)) throw new HeadwaterError('CONFIG_INVALID', { message: 'IVS_SIGNING_KEY_ARN must be the ARN of an imported public key (arn:aws:ivs:<region>:<account>:public-key/<id>)' })
    return new TokenSigner(signingKeyArn, privateKey(signingKey))
  }

  /** @param material of a public key, PEM. Whether it goes with the key that is signed with */
  fits (material: string): boolean {
    try {
      return createPublicKey(this.#key).equals(createPublicKey(material))
    } catch {
      return false
    }
  }

  /** @param endpoints those that AWS gave the stage */
  async sign ({ stage, role, userId, lifeSeconds, attributes = {} }: TokenRequest, { events = '', whip = '' }: StageEndpoints, now: Date): Promise<IssuedToken> {
    const participantId = randomUUID()
    const issuedAt = Math.floor(now.getTime() / 1000)
    const capabilities = CAPABILITIES[role]
    const token = await new SignJWT({
      user_id: userId,
      resource: stage.arn,
      topic: parseStageArn(stage.arn)?.id,
      events_url: events,
      whip_url: whip,
      capabilities: {
        ...(capabilities.includes('PUBLISH') ? { allow_publish: true } : {}),
        ...(capabilities.includes('SUBSCRIBE') ? { allow_subscribe: true } : {})
      },
      ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
      version: VERSION
    })
      .setProtectedHeader({ alg: 'ES384', typ: 'JWT', kid: this.keyArn })
      .setJti(participantId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + lifeSeconds)
      .sign(this.#key)
    return { token, participantId, expiresAt: new Date((issuedAt + lifeSeconds) * 1000) }
  }
}

/** In the environment a key is a single line. */
function privateKey (pem: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch (cause) {
    throw new HeadwaterError('CONFIG_INVALID', { message: `IVS_SIGNING_KEY must be a private key as PEM, without a password: ${reasonOf(cause)}` })
  }
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  if (namedCurve !== CURVE) throw new HeadwaterError('CONFIG_INVALID', { message: `IVS_SIGNING_KEY must be an ECDSA key on P-384 (${CURVE}), and is ${namedCurve ?? key.asymmetricKeyType ?? 'something else'}: make one with openssl ecparam -name ${CURVE} -genkey -noout` })
  return key
}
