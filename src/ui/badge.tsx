import type { ReactElement, ReactNode } from 'react'
import './badge.css'

/** A state in one word. `live` is for what is on air at this moment, nothing else. */
export function Badge ({ kind, children }: { kind: 'live' | 'quiet' | 'warning', children: ReactNode }): ReactElement {
  return <span className={`badge badge-${kind}`}>{children}</span>
}
