/**
 * Inputs as the corpus keeps them: JSON, with what JSON cannot say in an object of one `$` key: bytes as
 * `$hex`, numbers without a JSON form as `$number`, undefined as `$undefined`.
 */
export function writeInput (input: unknown): string {
  return JSON.stringify(input, function (key) {
    // Not the second parameter: there a Buffer has become its toJSON() already.
    const value = (this as Record<string, unknown>)[key]
    if (value instanceof Uint8Array) return { $hex: Buffer.from(value).toString('hex') }
    if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return { $number: Object.is(value, -0) ? '-0' : String(value) }
    return value === undefined ? { $undefined: true } : value
  })
}

export function readInput (text: string): unknown {
  return revive(JSON.parse(text))
}

function revive (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(revive)
  const entries = Object.entries(value)
  const [[name, written] = []] = entries
  if (entries.length === 1 && name === '$hex') return Buffer.from(written as string, 'hex')
  if (entries.length === 1 && name === '$number') return Number(written)
  if (entries.length === 1 && name === '$undefined') return undefined
  return Object.fromEntries(entries.map(([key, of]) => [key, revive(of)]))
}
