import type { ReactElement } from 'react'
import type { Situation } from './situation.ts'

/** What is going on, in words, spoken when it changes. */
export function Status ({ situation: { title, text, kind } }: { situation: Situation }): ReactElement {
  return (
    <p className={`studio-status studio-status-${kind}`} role='status'>
      <strong>{title}</strong>
      {text !== '' && <> <span>{text}</span></>}
    </p>
  )
}
