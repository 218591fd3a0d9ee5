import type { ComponentPropsWithoutRef, ReactElement } from 'react'
import './panel.css'

/** A part of a page that stands for itself. Its heading names it, or a label does. */
export function Panel (props: Omit<ComponentPropsWithoutRef<'section'>, 'className'>): ReactElement {
  return <section className='panel' {...props} />
}
