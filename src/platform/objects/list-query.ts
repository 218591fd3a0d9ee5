import { HeadwaterError } from '../../errors/catalogue.ts'
import { checkKey, checkKeyPrefix } from './key.ts'
import type { ListOptions } from './objects.ts'

/** As many as S3 gives in one answer. */
const PAGE_OBJECTS = 1_000

export interface ListQuery {
  prefix: string
  limit: number
  /** Empty: from the first one on. */
  after: string
}

/** What is asked of a list, complete. @throws HeadwaterError `INVALID_REQUEST` */
export function listQuery (prefix: string, { limit = PAGE_OBJECTS, after = '' }: ListOptions = {}): ListQuery {
  checkKeyPrefix(prefix)
  if (after !== '') checkKey(after)
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_OBJECTS) throw new HeadwaterError('INVALID_REQUEST', { message: `A page has 1 to ${PAGE_OBJECTS} objects` })
  return { prefix, limit, after }
}
