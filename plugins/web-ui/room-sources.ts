/** Its servers are many, and a client is sent from one to another. */
const CLOUD = '.livekit.cloud'

/**
 * What a page that connects to rooms may connect to, in the terms of its policy: WebSockets, and the questions by HTTP
 * that clients ask of the same server.
 * @param url address that people connect to; undefined: this server
 */
export function roomSources (url: string | undefined): string[] {
  if (url === undefined) return []
  const { protocol, host, hostname } = new URL(url)
  const isSecure = protocol === 'wss:' || protocol === 'https:'
  const hosts = hostname.endsWith(CLOUD) ? [host, `*${CLOUD}`] : [host]
  return hosts.flatMap(host => isSecure ? [`wss://${host}`, `https://${host}`] : [`ws://${host}`, `http://${host}`])
}
