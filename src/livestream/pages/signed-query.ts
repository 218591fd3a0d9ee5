/**
 * What lets its bearer watch (`expires` and `signature`), of a query or of an address; empty where nothing is signed.
 * Goes behind the address of a watch page and of all that the page loads of the stream.
 */
export function signedQuery (address: string): string {
  const given = new URLSearchParams(address.slice(address.indexOf('?') + 1))
  const signed = new URLSearchParams()
  for (const name of ['expires', 'signature']) {
    const value = given.get(name)
    if (value !== null) signed.set(name, value)
  }
  return signed.toString()
}

/** @param query of `signedQuery` */
export function withQuery (address: URL, query: string): URL {
  const signed = new URL(address)
  signed.search = query
  return signed
}
