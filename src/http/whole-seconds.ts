/** A time as ISO 8601 in UTC, in whole seconds: `2025-10-02T10:00:00Z`. */
export function wholeSeconds (time: Date): string {
  return `${time.toISOString().slice(0, -'.000Z'.length)}Z`
}
