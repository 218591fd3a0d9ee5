import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import proxyAddr from 'proxy-addr'
import { HeadwaterError } from '../errors/catalogue.ts'

/** Whether the proxy at an address may say whom it speaks for; `hop` counts from the nearest, from 0. */
export type TrustedProxies = (address: string, hop: number) => boolean

/**
 * @param setting `off`; how many proxies stand before the server; or their addresses and networks, with commas
 * (`10.0.0.0/8, ::1`; also `loopback`, `linklocal` and `uniquelocal`)
 * @returns undefined where none is trusted
 * @throws HeadwaterError `CONFIG_INVALID`
 */
export function trustedProxies (setting: string): TrustedProxies | undefined {
  const text = setting.trim()
  if (text === '' || text === 'off') return undefined
  if (/^\d+$/.test(text)) {
    // Fastify takes a number, and then trusts nobody.
    const hops = Number(text)
    return hops === 0 ? undefined : (_address, hop) => hop < hops
  }
  try {
    return proxyAddr.compile(text.split(',').map(one => one.trim()))
  } catch (cause) {
    throw new HeadwaterError('CONFIG_INVALID', { message: `TRUST_PROXY must be off, a number of proxies, or addresses and networks with commas; "${setting}" is none: ${(cause as Error).message}`, cause })
  }
}

/**
 * Where a request came from: the nearest address that is no trusted proxy's.
 * @param peer the address of the connection
 */
export function clientAddress (peer: string, headers: IncomingHttpHeaders, trusted: TrustedProxies | undefined): string {
  if (trusted === undefined) return peer
  return proxyAddr({ headers, socket: { remoteAddress: peer } } as IncomingMessage, trusted)
}
