import { refuse } from './twirp-error.ts'

/** A request in protobuf's JSON: names in camelCase, whatever has its default left out. */
export type Fields = Record<string, unknown>

/** @throws TwirpError */
export function readFields (body: Buffer): Fields {
  try {
    return Object(JSON.parse(body.toString())) as Fields
  } catch {
    return refuse('malformed', 'the json request could not be decoded')
  }
}

/** Empty where it is not there. */
export function text (fields: Fields, name: string, maxBytes = Infinity): string {
  const value = fields[name] ?? ''
  if (typeof value !== 'string') refuse('malformed', 'the json request could not be decoded')
  if (Buffer.byteLength(value) > maxBytes) refuse('invalid_argument', `${name} is too long`)
  return value
}

/** 0 where it is not there. */
export function count (fields: Fields, name: string): number {
  const value = Number(fields[name] ?? 0)
  if (!Number.isInteger(value) || value < 0) refuse('malformed', 'the json request could not be decoded')
  return value
}

export function flag (fields: Fields, name: string): boolean {
  return fields[name] === true
}

export function texts (fields: Fields, name: string): string[] {
  const value = fields[name] ?? []
  if (!Array.isArray(value) || value.some(one => typeof one !== 'string')) refuse('malformed', 'the json request could not be decoded')
  return value as string[]
}

/** Undefined where it is not there. */
export function part (fields: Fields, name: string): Fields | undefined {
  const value = fields[name]
  return typeof value === 'object' && value !== null ? value as Fields : undefined
}
