/** What a stream key looks like: it becomes a folder's name. */
export const STREAM_KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

export function isStreamKey (value: unknown): value is string {
  return typeof value === 'string' && STREAM_KEY.test(value)
}
