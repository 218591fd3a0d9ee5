import { awsError } from './aws-error.ts'

const LARGEST = 100
const DEFAULT = 50

export interface PageRequest {
  maxResults?: unknown
  nextToken?: unknown
}

/** One page of a list. The mark of the next one says nothing to whoever gets it. @throws AwsError 400 */
export function pageOf<T> (all: readonly T[], { maxResults = DEFAULT, nextToken }: PageRequest, largest = LARGEST): { items: T[], nextToken?: string } {
  if (!Number.isInteger(maxResults) || (maxResults as number) < 1 || (maxResults as number) > largest) throw awsError('ValidationException', `maxResults must be between 1 and ${largest}`)
  const start = nextToken === undefined ? 0 : startOf(nextToken)
  const end = start + (maxResults as number)
  return { items: all.slice(start, end), ...(end < all.length ? { nextToken: Buffer.from(`page:${end}`).toString('base64') } : {}) }
}

function startOf (token: unknown): number {
  const [, start] = /^page:(\d+)$/.exec(typeof token === 'string' ? Buffer.from(token, 'base64').toString() : '') ?? []
  if (start === undefined) throw awsError('ValidationException', 'The nextToken is not valid')
  return Number(start)
}
