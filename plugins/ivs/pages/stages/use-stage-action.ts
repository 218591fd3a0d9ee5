import { useState } from 'react'
import { StageFailure } from './stage-api.ts'

/** Something that is asked of the API, one at a time. */
export interface StageAction {
  isBusy: boolean
  /** What went wrong, until the next try. */
  trouble: StageFailure | undefined
  run: (what: () => Promise<void>) => void
}

export function useStageAction (): StageAction {
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<StageFailure>()
  const run = async (what: () => Promise<void>) => {
    if (isBusy) return
    setBusy(true)
    setTrouble(undefined)
    try {
      await what()
    } catch (error) {
      if (!(error instanceof StageFailure)) throw error
      setTrouble(error)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, trouble, run: what => { void run(what) } }
}
