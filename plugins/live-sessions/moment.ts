import { HeadwaterError } from '../../src/errors/catalogue.ts'

/**
 * A time that was given as ISO 8601; nothing, and null, stay what they are.
 * @param field that it stands in
 * @throws HeadwaterError `INVALID_REQUEST` for one that no calendar has, or no database keeps
 */
export function readTime<Nothing extends null | undefined> (field: string, text: string | Nothing): Date | Nothing {
  if (typeof text !== 'string') return text
  const time = new Date(text)
  const year = time.getUTCFullYear()
  if (!(year >= 1 && year <= 9_999)) throw new HeadwaterError('INVALID_REQUEST', { fields: [{ field, message: 'must be a time' }] })
  return time
}
