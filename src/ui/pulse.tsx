import type { ReactElement } from 'react'
import './pulse.css'

/** Something is under way, for who sees it; words beside it say what. */
export function Pulse (): ReactElement {
  return <span className='pulse' aria-hidden='true' />
}
