import type { ReactElement } from 'react'
import { ButtonLink } from './button.tsx'
import './list-pages.css'

interface ListPagesProps {
  /** The one that is shown, from 1. */
  page: number
  /** How many there are. */
  pages: number
  /** Path of another one, below the server's root. */
  to: (page: number) => string
}

/** The way to the other pages of a list, where there are any. */
export function ListPages ({ page, pages, to }: ListPagesProps): ReactElement | null {
  if (pages <= 1 && page === 1) return null
  return (
    <nav className='list-pages' aria-label='Pages of the list'>
      {page > 1 && <ButtonLink kind='quiet' to={to(Math.min(page - 1, Math.max(pages, 1)))}>Previous</ButtonLink>}
      {page <= pages && <span>Page {page} of {pages}</span>}
      {page < pages && <ButtonLink kind='quiet' to={to(page + 1)}>Next</ButtonLink>}
    </nav>
  )
}
