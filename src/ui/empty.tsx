import type { ReactElement, ReactNode } from 'react'
import './empty.css'

/** In place of a list with nothing in it: a heading, what will be here or what to do, and the way to do it. */
export function Empty ({ children }: { children: ReactNode }): ReactElement {
  return <section className='empty'>{children}</section>
}
