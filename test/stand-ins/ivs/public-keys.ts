import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { awsError } from './aws-error.ts'
import type { Quotas } from './quotas.ts'
import { randomId } from './random-id.ts'
import { notFound } from './stages.ts'

export interface PublicKey {
  arn: string
  name: string
  material: string
  fingerprint: string
  key: KeyObject
}

/** Keys that self-signed tokens are checked against. */
export class PublicKeys {
  readonly #byArn = new Map<string, PublicKey>()
  readonly #prefix: string
  readonly #quotas: Quotas

  constructor (prefix: string, quotas: Quotas) {
    this.#prefix = prefix
    this.#quotas = quotas
  }

  all (): PublicKey[] {
    return [...this.#byArn.values()]
  }

  find (arn: string): PublicKey | undefined {
    return this.#byArn.get(arn)
  }

  get (arn: string): PublicKey {
    return this.#byArn.get(arn) ?? notFound('PublicKey', arn)
  }

  import (material: string, name: string): PublicKey {
    const key = ecKey(material)
    const der = key.export({ type: 'spki', format: 'der' })
    if (this.all().some(other => other.key.equals(key))) throw awsError('ConflictException', 'The key was imported already')
    if (this.#byArn.size >= this.#quotas.publicKeys) throw awsError('ServiceQuotaExceededException', `You have reached the limit of ${this.#quotas.publicKeys} public keys`)
    const arn = `${this.#prefix}:public-key/${randomId(12)}`
    const imported = { arn, name, material, key, fingerprint: createHash('md5').update(der).digest('hex').replace(/(..)(?=.)/g, '$1:') }
    this.#byArn.set(arn, imported)
    return imported
  }

  delete (arn: string): void {
    if (!this.#byArn.delete(arn)) notFound('PublicKey', arn)
  }
}

function ecKey (material: string): KeyObject {
  let key: KeyObject | undefined
  try {
    key = createPublicKey(material)
  } catch { /* answered below */ }
  if (key?.asymmetricKeyDetails?.namedCurve !== 'secp384r1' || material.includes('PRIVATE')) throw awsError('ValidationException', 'publicKeyMaterial must be the PEM of an ECDSA public key on P-384')
  return key
}
