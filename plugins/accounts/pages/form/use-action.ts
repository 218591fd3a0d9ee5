import { useState } from 'react'
import { ApiFailure } from '../api/failure.ts'
import { failureProblems, type OwnWords } from './problems.ts'

/** Something that a button does with the API, one at a time. */
export interface Action {
  isBusy: boolean
  /** What went wrong, in words, until the next try. */
  trouble: string | undefined
  run: (what: () => Promise<void>) => void
}

/** @param words what failures mean here */
export function useAction (words?: OwnWords): Action {
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<string>()
  const run = async (what: () => Promise<void>) => {
    if (isBusy) return
    setBusy(true)
    setTrouble(undefined)
    try {
      await what()
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      setTrouble(failureProblems(error, [], words).whole)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, trouble, run: what => { void run(what) } }
}
