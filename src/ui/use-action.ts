import { useState } from 'react'

/** Something that a button does, one at a time. */
export interface Action<Trouble> {
  isBusy: boolean
  /** What went wrong, until the next try. */
  trouble: Trouble | undefined
  run: (what: () => Promise<void>) => void
}

/** @param troubleOf what a failure means to whoever pressed the button; undefined for one that is a mistake of ours, which is thrown */
export function useAction<Trouble> (troubleOf: (error: unknown) => Trouble | undefined): Action<Trouble> {
  const [isBusy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble>()
  const run = async (what: () => Promise<void>) => {
    if (isBusy) return
    setBusy(true)
    setTrouble(undefined)
    try {
      await what()
    } catch (error) {
      const met = troubleOf(error)
      if (met === undefined) throw error
      setTrouble(() => met)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, trouble, run: what => { void run(what) } }
}
