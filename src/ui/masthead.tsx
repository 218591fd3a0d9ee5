import type { ReactElement, ReactNode } from 'react'
import { Link } from 'wouter'
import { Drop } from './drop.tsx'
import './masthead.css'

/** The head of every page: the way home, and room at the right for the one thing that is next. */
export function Masthead ({ children }: { children?: ReactNode }): ReactElement {
  return (
    <header className='masthead'>
      <Link href='/' className='masthead-home'><Drop />Headwater</Link>
      {children}
    </header>
  )
}
