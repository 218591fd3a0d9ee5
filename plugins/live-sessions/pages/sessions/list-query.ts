/** Which page of a list, and what it is narrowed to: what stands in the address, so that one can go back to it. */
export interface ListQuery<Filter extends string> {
  filters: Readonly<Record<Filter, string>>
  /** From 1. */
  page: number
}

export const PAGE_SIZE = 24

/** @param search of the address; what makes no sense in it counts as not given @param known what each filter may be */
export function queryOf<Filter extends string> (search: string, known: Readonly<Record<Filter, (value: string) => boolean>>): ListQuery<Filter> {
  const given = new URLSearchParams(search)
  const page = Number(given.get('page'))
  const filters = Object.entries<(value: string) => boolean>(known).map(([name, fits]) => {
    const value = given.get(name) ?? ''
    return [name, fits(value) ? value : '']
  })
  return { filters: Object.fromEntries(filters) as Record<Filter, string>, page: Number.isSafeInteger(page) && page > 0 ? page : 1 }
}

/** A page's own path with the query behind it. */
export function pathOf<Filter extends string> (path: string, { filters, page }: ListQuery<Filter>): string {
  const given = parametersOf({ filters, page })
  return given.size === 0 ? path : `${path}?${given}`
}

/** What the API is asked, with what always belongs to the question. */
export function apiQueryOf<Filter extends string> (query: ListQuery<Filter>, always: Readonly<Record<string, string>> = {}): URLSearchParams {
  return new URLSearchParams([...Object.entries(always), ...parametersOf(query), ['page_size', String(PAGE_SIZE)]])
}

function parametersOf ({ filters, page }: ListQuery<string>): URLSearchParams {
  const all = Object.entries({ ...filters, page: page === 1 ? '' : String(page) })
  return new URLSearchParams(all.filter(([, value]) => value !== ''))
}
