import { awsError } from './aws-error.ts'

/** The body of a request; what is in it is not known yet. */
export type Fields = Record<string, unknown>

export const STAGE_ARN = /^arn:aws:ivs:[a-z0-9-]+:[0-9]+:stage\/[a-zA-Z0-9-]+$/
export const KEY_ARN = /^arn:aws:ivs:[a-z0-9-]+:[0-9]+:public-key\/[a-zA-Z0-9-]+$/
export const PARTICIPANT_ID = /^[a-zA-Z0-9-]{1,64}$/
export const SESSION_ID = /^st-[a-zA-Z0-9]{13}$/

function invalid (field: string, why: string): never {
  throw awsError('ValidationException', `Value at '${field}' failed to satisfy constraint: ${why}`)
}

/** @throws AwsError 400 */
export function text (fields: Fields, field: string, pattern: RegExp): string {
  return optionalText(fields, field, pattern) ?? invalid(field, 'Member must not be null')
}

export function optionalText (fields: Fields, field: string, pattern: RegExp): string | undefined {
  const value = fields[field]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string' || !pattern.test(value)) invalid(field, `Member must match ${pattern.source}`)
  return value
}

export function wholeNumber (fields: Fields, field: string, { min, max, missing }: { min: number, max: number, missing: number }): number {
  const value = fields[field] ?? missing
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) invalid(field, `Member must be between ${min} and ${max}`)
  return value as number
}

/** Texts by name. */
export function texts (fields: Fields, field: string): Record<string, string> {
  const value = fields[field] ?? {}
  if (typeof value !== 'object' || Array.isArray(value) || Object.values(value).some(one => typeof one !== 'string')) invalid(field, 'Member must be a map of strings')
  return { ...value as Record<string, string> }
}

/** Up to 1 KB together. */
export function attributes (fields: Fields): Record<string, string> {
  const given = texts(fields, 'attributes')
  if (Buffer.byteLength(Object.entries(given).flat().join('')) > 1_024) invalid('attributes', 'Member must be at most 1 KB')
  return given
}

export function tags (fields: Fields): Record<string, string> {
  const given = texts(fields, 'tags')
  if (Object.keys(given).length > 50) invalid('tags', 'Member must have at most 50 entries')
  if (Object.keys(given).some(key => key.startsWith('aws:') || key.length > 128) || Object.values(given).some(value => value.length > 256)) invalid('tags', 'Member has a key or a value that is not allowed')
  return given
}

export function capabilities (fields: Fields): Array<'PUBLISH' | 'SUBSCRIBE'> {
  const value = fields['capabilities'] ?? ['PUBLISH', 'SUBSCRIBE']
  if (!Array.isArray(value) || value.some(one => one !== 'PUBLISH' && one !== 'SUBSCRIBE')) invalid('capabilities', 'Member must be of [PUBLISH, SUBSCRIBE]')
  return value
}
