import { useEffect, useState } from 'react'
import { useSnapshot } from '../../../../src/ui/use-snapshot.ts'
import { LookedUp, type Looked } from './looked-up.ts'

/** Asked again so often while the page is in view. */
const AGAIN_MS = 15_000

/**
 * What the API answers, kept up to date while the page is in view.
 * @param query of the API: another one is another question @returns also what asks again at once
 */
export function useLookedUp<Found> (ask: (query: URLSearchParams, signal: AbortSignal) => Promise<Found>, query: URLSearchParams): Looked<Found> & { again: () => void } {
  const [list] = useState(() => new LookedUp(ask))
  const asked = query.toString()
  const again = () => { void list.look(new URLSearchParams(asked)) }
  useEffect(() => {
    again()
    const timer = setInterval(() => { if (document.visibilityState === 'visible') again() }, AGAIN_MS)
    return () => {
      clearInterval(timer)
      list.close()
    }
  }, [list, asked])
  return { ...useSnapshot(list, list.snapshot), again }
}
