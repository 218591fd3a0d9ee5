import type { ReactElement } from 'react'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { pathOf, type UserQuery } from './user-query.ts'

/** The way to the other pages of a list, where there are any. */
export function ListPages ({ query, pages }: { query: UserQuery, pages: number }): ReactElement | null {
  if (pages <= 1 && query.page === 1) return null
  const to = (page: number) => pathOf({ ...query, page })
  return (
    <nav className='users-pages' aria-label='Pages of the list'>
      {query.page > 1 && <ButtonLink kind='quiet' to={to(Math.min(query.page - 1, Math.max(pages, 1)))}>Previous</ButtonLink>}
      <span>Page {query.page} of {Math.max(pages, 1)}</span>
      {query.page < pages && <ButtonLink kind='quiet' to={to(query.page + 1)}>Next</ButtonLink>}
    </nav>
  )
}
