import { HeadwaterError } from '../../../src/errors/catalogue.ts'

/** Lists that are longer than any quota allows do not end. */
const MAX_PAGES = 100

export interface Page<T> {
  items: T[] | undefined
  nextToken: string | undefined
}

/**
 * A whole list.
 * @param ask for a page, with what a request has to say for it
 * @throws HeadwaterError `STAGES_UNAVAILABLE` for one that does not end
 */
export async function allPages<T> (ask: (next: { nextToken?: string }) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = []
  let next: { nextToken?: string } = {}
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items = [], nextToken } = await ask(next)
    all.push(...items)
    if (nextToken === undefined || nextToken === '') return all
    next = { nextToken }
  }
  throw new HeadwaterError('STAGES_UNAVAILABLE', { message: `A list of AWS has more than ${MAX_PAGES} pages` })
}
