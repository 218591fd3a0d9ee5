import type { Account, Role } from '../../../../src/page-parts/account/account.ts'

/** Which accounts are looked at: what stands in the address of the page, so that one can go back to it. */
export interface UserQuery {
  keyword: string
  /** Empty: all. */
  status: Account['status'] | ''
  /** Empty: all. */
  role: Role | ''
  /** From 1. */
  page: number
}

export const STATUSES: ReadonlyArray<{ value: UserQuery['status'], label: string }> = [
  { value: '', label: 'All' },
  { value: 'active', label: 'Active' },
  { value: 'banned', label: 'Banned' },
  { value: 'deleted', label: 'Deleted' }
]

export const ROLES: ReadonlyArray<{ value: Role, label: string }> = [
  { value: 'user', label: 'User' },
  { value: 'mentor', label: 'Mentor' },
  { value: 'admin', label: 'Administrator' }
]

export const PAGE_SIZE = 20

/** @param search of the address; what makes no sense in it counts as not given */
export function queryOf (search: string): UserQuery {
  const given = new URLSearchParams(search)
  const page = Number(given.get('page'))
  return {
    keyword: (given.get('keyword') ?? '').trim(),
    status: STATUSES.find(({ value }) => value === given.get('status'))?.value ?? '',
    role: ROLES.find(({ value }) => value === given.get('role'))?.value ?? '',
    page: Number.isSafeInteger(page) && page > 0 ? page : 1
  }
}

/** The page's own path, below the server's root. */
export function pathOf (query: UserQuery): string {
  return `/admin/users${withMark(given(query))}`
}

/** What the API is asked, below `api/v1/`. */
export function apiPathOf (query: UserQuery): string {
  const asked = given(query)
  asked.set('page_size', String(PAGE_SIZE))
  return `admin/users${withMark(asked)}`
}

/** Which of them are shown: `21 to 40 of 57 accounts`. */
export function countText ({ keyword, status, role, page }: UserQuery, shown: number, total: number): string {
  const isFiltered = keyword !== '' || status !== '' || role !== ''
  if (total === 0) return isFiltered ? 'No account fits.' : 'There is no account.'
  const all = `${total} ${total === 1 ? 'account' : 'accounts'}`
  if (shown === 0) return `This page is empty: there ${total === 1 ? 'is' : 'are'} ${all}.`
  const first = (page - 1) * PAGE_SIZE + 1
  return shown === total ? all : `${first} to ${first + shown - 1} of ${all}`
}

function given ({ keyword, status, role, page }: UserQuery): URLSearchParams {
  return new URLSearchParams(Object.entries({ keyword, status, role, page: page === 1 ? '' : String(page) }).filter(([, value]) => value !== ''))
}

function withMark (parameters: URLSearchParams): string {
  return parameters.size === 0 ? '' : `?${parameters}`
}
