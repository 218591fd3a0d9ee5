import type { ReactElement, ReactNode } from 'react'
import { Link } from 'wouter'
import './masthead-link.css'

interface MastheadLinkProps {
  href: string
  /** What the page that it leads to gets to know. */
  state?: unknown
  title?: string
  children: ReactNode
}

/** A way from the head of a page: a sign with its {@link MastheadName}, or words alone. */
export function MastheadLink (props: MastheadLinkProps): ReactElement {
  return <Link className='masthead-link' {...props} />
}

/** Beside a sign: on a phone it is spoken alone. */
export function MastheadName ({ children }: { children: ReactNode }): ReactElement {
  return <span className='masthead-link-name'>{children}</span>
}
