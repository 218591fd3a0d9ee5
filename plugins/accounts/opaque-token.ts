import { createHash, randomBytes } from 'node:crypto'

const BYTES = 32

/** A random token for somebody to keep, and what is kept of it here: whoever reads the database cannot use it. */
export interface OpaqueToken {
  token: string
  hash: string
}

export function newOpaqueToken (): OpaqueToken {
  const token = randomBytes(BYTES).toString('base64url')
  return { token, hash: hashOf(token) }
}

/** SHA-256 will do: nobody guesses 256 random bits. */
export function hashOf (token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
