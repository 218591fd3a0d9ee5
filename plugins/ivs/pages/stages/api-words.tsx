import type { ReactElement } from 'react'
import type { StageFailure } from './stage-api.ts'
import { languageOf } from './words.ts'

/** What the API says, in its own language. */
export function ApiWords ({ children }: { children: string }): ReactElement {
  return <span lang={languageOf(children)}>{children}</span>
}

/** Why the API did not do something. */
export function FailureWords ({ of: { message, reason } }: { of: StageFailure }): ReactElement {
  return <><ApiWords>{message}</ApiWords>{reason !== undefined && ` (${reason})`}</>
}
