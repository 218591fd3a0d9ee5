import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactElement, ReactNode } from 'react'
import { Link } from 'wouter'
import './button.css'

/**
 * - `primary`: what most people came for, once a view
 * - `quiet`: everything else
 * - `danger`: what cannot be taken back
 * - `stage`: on a picture
 */
export type ButtonKind = 'primary' | 'quiet' | 'danger' | 'stage'

interface Look {
  kind?: ButtonKind
  children: ReactNode
}

const classOf = (kind: ButtonKind, own = '') => `button button-${kind} ${own}`.trim()

/** Does something here. What leads elsewhere is a `ButtonLink`. */
export function Button ({ kind = 'primary', className, type = 'button', ...rest }: Look & ButtonHTMLAttributes<HTMLButtonElement>): ReactElement {
  return <button type={type} className={classOf(kind, className)} {...rest} />
}

/** A link to a page, `to` being its path below the server's root, that looks like a button. */
export function ButtonLink ({ to, kind = 'primary', className, ...rest }: Look & { to: string } & Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'href'>): ReactElement {
  return <Link href={to} className={classOf(kind, className)} {...rest} />
}
