import type { ReactElement, ReactNode } from 'react'
import './stat.css'

/** Figures side by side: holds `Stat`s. */
export function Stats ({ children }: { children: ReactNode }): ReactElement {
  return <dl className='stats'>{children}</dl>
}

/** What is measured, and how much it is. */
export function Stat ({ label, value }: { label: string, value: ReactNode }): ReactElement {
  return <div className='stat'><dt>{label}</dt><dd>{value}</dd></div>
}
