import { createHmac, timingSafeEqual } from 'node:crypto'

/** The most digits that a moment in seconds has. */
const EXPIRES = /^\d{1,12}$/

export interface SigningOptions {
  /** One of the server's `playbackKeys`. */
  key: string
  /** Until when the URL is good, to the second. */
  expiresAt: Date
}

/** What is wrong with a signature. */
export type SignatureFault = 'missing' | 'wrong' | 'expired'

/**
 * The query that lets its bearer watch a stream: `expires=<unix seconds>&signature=<base64url>`, where the signature is
 * the HMAC-SHA256 of `<streamKey>\n<expires>`. It goes behind the URL of each playlist, segment and thumbnail.
 * @throws RangeError when `expiresAt` is no date
 */
export function signPlayback (streamKey: string, { key, expiresAt }: SigningOptions): string {
  const expires = String(Math.floor(expiresAt.getTime() / 1000))
  if (!EXPIRES.test(expires)) throw new RangeError('expiresAt is no date that a URL can carry')
  return `expires=${expires}&signature=${signature(streamKey, expires, key)}`
}

/**
 * What is wrong with the query of a URL; undefined: nothing. Every key is compared, in constant time.
 * @param nowMs milliseconds since 1970
 */
export function signatureFault (streamKey: string, query: Readonly<Record<string, unknown>>, keys: readonly string[], nowMs: number): SignatureFault | undefined {
  const { expires, signature: given } = query
  if (expires === undefined || given === undefined) return 'missing'
  // A name that stands in the query twice has a list.
  if (typeof expires !== 'string' || typeof given !== 'string' || !EXPIRES.test(expires)) return 'wrong'
  const fitting = keys.filter(key => isEqual(given, signature(streamKey, expires, key)))
  if (fitting.length === 0) return 'wrong'
  return Number(expires) * 1000 <= nowMs ? 'expired' : undefined
}

function signature (streamKey: string, expires: string, key: string): string {
  return createHmac('sha256', key).update(`${streamKey}\n${expires}`).digest('base64url')
}

function isEqual (given: string, right: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}
