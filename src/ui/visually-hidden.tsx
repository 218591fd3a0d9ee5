import type { HTMLAttributes, ReactElement } from 'react'
import './visually-hidden.css'

/** For who hears the page: words that the eye gets otherwise. */
export function VisuallyHidden (attributes: HTMLAttributes<HTMLSpanElement>): ReactElement {
  return <span className='visually-hidden' {...attributes} />
}
