import { createContext, useContext, type ReactElement, type ReactNode } from 'react'
import { Link } from 'wouter'
import { Drop } from './drop.tsx'
import './masthead.css'

/** What features add at the right end, the same on every page. The shell knows which there are. */
export const MastheadEnd = createContext<ReactNode>(null)

/** The head of every page: the way home, and room at the right for the one thing that is next. */
export function Masthead ({ children }: { children?: ReactNode }): ReactElement {
  return (
    <header className='masthead'>
      <Link href='/' className='masthead-home'><Drop />Headwater</Link>
      {children}
      {useContext(MastheadEnd)}
    </header>
  )
}
