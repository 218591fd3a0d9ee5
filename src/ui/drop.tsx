import type { ReactElement } from 'react'

/** The sign of the project; shell/icon.svg is the same for the browser's tab. */
export function Drop (): ReactElement {
  return (
    <svg viewBox='0 0 32 32' width='24' height='24' aria-hidden='true'>
      <path fill='#1c7ed6' d='M16 2C12 9 6 14 6 20a10 10 0 0 0 20 0c0-6-6-11-10-18Z' />
      <path fill='#fff' d='M13.5 15.5v8l6.5-4z' />
    </svg>
  )
}
