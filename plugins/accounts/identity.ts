/**
 * What makes two names, or two addresses, the same: compatible forms of a character are one, and case does not count.
 * Worked out here because databases do not agree on the case of letters beyond a to z.
 */
export function identityKey (text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC')
}

/** A pattern for `LIKE` that finds a text anywhere in a key. What has a meaning in patterns has none in the text. */
export function searchPattern (keyword: string): string {
  return `%${identityKey(keyword).replace(/[\\%_]/g, '\\$&')}%`
}
