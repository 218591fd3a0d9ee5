/** Where a Headwater server is. */
export interface ServerAddress {
  /**
   * The server's root: an absolute URL, or one relative to the page; a prefix is part of it, with a slash at
   * its end (`https://example.org/video/`). Default: the folder of the page.
   */
  server?: string | URL | undefined
}

/** The server's root as an absolute URL that ends with a slash. @throws TypeError when it is no URL */
export function serverRoot ({ server = '.' }: ServerAddress): URL {
  const root = new URL(server, globalThis.document?.baseURI)
  if (!root.pathname.endsWith('/')) root.pathname += '/'
  root.search = root.hash = ''
  return root
}

/** Where Socket.IO answers: what `io()` takes. */
export function socketAddress (root: URL): { origin: string, path: string } {
  return { origin: root.origin, path: new URL('socket.io', root).pathname }
}

/** The address of something of a stream, for example `live.m3u8`. */
export function streamUrl (root: URL, streamKey: string, name: string): URL {
  return new URL(`livestream/${encodeURIComponent(streamKey)}/${name}`, root)
}
