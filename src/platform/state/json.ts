/** A value as it comes out of JSON: what is kept is a copy of its own, and the same wherever it is kept. */
export function jsonCopy (value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}
