import { useEffect, useMemo } from 'react'
import { useSnapshot } from '../../../../src/ui/use-snapshot.ts'
import { LookedUp, type Looked } from './looked-up.ts'

/** Asked again so often while the page is in view. */
const AGAIN_MS = 15_000

/**
 * What the API answers, kept up to date while the page is in view.
 * @param query of the API: another one is another question, and until it is answered the last answer stays
 * @param of what the list is of: of another one, nothing is known at first
 * @returns also what asks again at once
 */
export function useLookedUp<Found> (ask: (query: URLSearchParams, signal: AbortSignal) => Promise<Found>, query: URLSearchParams, of = ''): Looked<Found> & { again: () => void } {
  const list = useMemo(() => new LookedUp(ask), [ask, of])
  const asked = query.toString()
  const again = () => { void list.look(new URLSearchParams(asked)) }
  useEffect(() => {
    const refreshIfSeen = () => { if (document.visibilityState === 'visible') void list.refresh(new URLSearchParams(asked)) }
    again()
    const timer = setInterval(refreshIfSeen, AGAIN_MS)
    document.addEventListener('visibilitychange', refreshIfSeen)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', refreshIfSeen)
      list.close()
    }
  }, [list, asked])
  return { ...useSnapshot(list, list.snapshot), again }
}
