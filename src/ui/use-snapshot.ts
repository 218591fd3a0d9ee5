import { useCallback, useSyncExternalStore } from 'react'

/** What has a snapshot and says when there is a new one, as everything in src/client does. */
export interface Observable<Snapshot> {
  readonly snapshot: Snapshot
  /** @returns a function that takes the listener away again */
  on (event: 'change', listener: () => void): () => void
}

/** The snapshot of something, kept up to date. @param otherwise what holds as long as it is not there */
export function useSnapshot<Snapshot> (of: Observable<Snapshot> | undefined, otherwise: Snapshot): Snapshot {
  const subscribe = useCallback((listener: () => void) => of?.on('change', listener) ?? (() => {}), [of])
  return useSyncExternalStore(subscribe, () => of?.snapshot ?? otherwise)
}
