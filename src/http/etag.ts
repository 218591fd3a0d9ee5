/** Whether `If-None-Match` names this entity tag, by weak comparison (RFC 9110, 13.1.2). */
export function namesEtag (header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || (header.match(/"[^"]*"/g)?.includes(etag) ?? false)
}
