/**
 * The token that sets a new password, in the fragment of an address, which browsers send to no server, or in its
 * query, where a mail program has no fragments.
 * @returns undefined where there is none
 */
export function resetTokenIn ({ hash, search }: Pick<URL, 'hash' | 'search'>): string | undefined {
  return new URLSearchParams(hash.slice(1)).get('token') || new URLSearchParams(search).get('token') || undefined
}

/** The page that takes it, below the server's root. */
export function resetPath (token: string): string {
  return `/reset-password#${new URLSearchParams({ token })}`
}
