import { useCallback, useEffect, useRef, useState } from 'react'
import { isOver } from '../../client/broadcast-state.ts'
import { Broadcaster, type BroadcasterOptions, type BroadcastGap, type BroadcastSnapshot } from '../../client/broadcaster.ts'
import { ClientError } from '../../client/client-error.ts'
import { useSnapshot } from '../../ui/use-snapshot.ts'

/** What went wrong and is over is shown for so long. */
const TROUBLE_SHOWN_MS = 20_000

export interface BroadcastHandle {
  /** Undefined before the first start. */
  snapshot: BroadcastSnapshot | undefined
  /** What went wrong last, and did not end it. */
  trouble: ClientError | undefined
  gaps: readonly BroadcastGap[]
  isRunning: boolean
  start: (options: BroadcasterOptions, stream: MediaStream, onLive: (resumeToken: string) => void) => void
  replace: (stream: MediaStream) => void
  /** @returns when it is over */
  stop: () => Promise<void>
  /** Back to before the start, after the end. */
  forget: () => void
}

/** One broadcast after the other. Leaving the page ends the one that runs. */
export function useBroadcast (): BroadcastHandle {
  const [broadcaster, setBroadcaster] = useState<Broadcaster>()
  const [trouble, setTrouble] = useState<ClientError>()
  const [gaps, setGaps] = useState<readonly BroadcastGap[]>([])
  const current = useRef<Broadcaster>()
  const snapshot = useSnapshot<BroadcastSnapshot | undefined>(broadcaster, undefined)
  const isRunning = snapshot !== undefined && snapshot.state !== 'idle' && !isOver(snapshot.state)

  useEffect(() => () => { void current.current?.stop() }, [])

  useEffect(() => {
    if (!isRunning) return
    // A page that is closed takes with it what only it holds.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [isRunning])

  const isRecording = snapshot?.isRecording === true
  useEffect(() => {
    if (trouble === undefined || !isRecording) return
    const timer = setTimeout(() => setTrouble(undefined), TROUBLE_SHOWN_MS)
    return () => clearTimeout(timer)
  }, [trouble, isRecording])

  const start = useCallback<BroadcastHandle['start']>((options, stream, onLive) => {
    const next = current.current = new Broadcaster(options)
    next.on('trouble', setTrouble)
    next.on('gap', gap => setGaps(before => [...before, gap]))
    setTrouble(undefined)
    setGaps([])
    setBroadcaster(next)
    next.start(stream).then(
      () => onLive(next.resumeToken!),
      // Failures of a broadcast stand in its snapshot; a format that cannot be is found before.
      (error: unknown) => { if (error instanceof ClientError && next.snapshot.state === 'idle') setTrouble(error) }
    )
  }, [])

  const replace = useCallback((stream: MediaStream) => {
    if (current.current === undefined || isOver(current.current.snapshot.state)) return
    try {
      current.current.replace(stream)
      setTrouble(undefined)
    } catch (error) {
      setTrouble(error as ClientError)
    }
  }, [])

  return {
    snapshot,
    trouble,
    gaps,
    isRunning,
    start,
    replace,
    stop: useCallback(async () => { await current.current?.stop() }, []),
    forget: useCallback(() => {
      current.current = undefined
      setBroadcaster(undefined)
      setTrouble(undefined)
    }, [])
  }
}
