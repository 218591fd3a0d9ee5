/** Where somebody was who is asked to log in first: goes along in the browser's history, never in an address. */
export interface CameFrom {
  /** A path below the server's root, and its query. */
  from: string
}

/** @param state of the browser's history, whoever wrote it @returns where to go after logging in */
export function pathAfter (state: unknown): string {
  const from = typeof state === 'object' && state !== null && 'from' in state ? state.from : undefined
  return typeof from === 'string' && /^\/(?!\/)/.test(from) && !NOT_AGAIN.has(from) ? from : '/'
}

/** Who is logged in has nothing to do there. */
const NOT_AGAIN = new Set(['/login', '/register', '/forgot-password', '/reset-password'])
