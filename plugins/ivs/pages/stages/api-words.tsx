import type { ReactElement } from 'react'
import { languageOf } from './words.ts'

/** What the API says, in its own language. */
export function ApiWords ({ children }: { children: string }): ReactElement {
  return <span lang={languageOf(children)}>{children}</span>
}
