import type { IncomingHttpHeaders } from 'node:http'

/** Methods that change nothing. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

export interface Asked {
  method: string
  headers: IncomingHttpHeaders
  /** As the client asked for it, with the port where it is not the usual one. */
  host: string
}

/**
 * Whether a page of another site makes a request that changes something. Browsers say where a request comes from; who
 * says nothing is no browser, and has no cookie that somebody else could use.
 * @param allowedOrigins whose pages may
 */
export function isCrossSite ({ method, headers, host }: Asked, allowedOrigins: readonly string[]): boolean {
  if (SAFE_METHODS.includes(method)) return false
  const { origin } = headers
  if (origin === undefined) return headers['sec-fetch-site'] === 'cross-site'
  return !allowedOrigins.includes(origin) && hostOf(origin) !== host.toLowerCase()
}

/** By the host alone: a proxy that speaks TLS for the server may not have said so. */
function hostOf (origin: string): string | undefined {
  try {
    return new URL(origin).host
  } catch {
    // `null`, of a page in a sandbox for example.
    return undefined
  }
}
