import { useEffect, useState } from 'react'
import type { AudienceState } from '../../../client/audience.ts'
import type { PlayerState } from '../../../client/player.ts'
import { ROOT } from '../../../ui/root.ts'
import { useSnapshot } from '../../../ui/use-snapshot.ts'
import { showForSupport } from './support-hook.ts'
import { Viewing } from './viewing.ts'

const NOBODY: AudienceState = { stream: 'unknown', viewers: undefined, connected: false, broadcasts: 0, degraded: false }
const NOTHING: PlayerState = { playback: 'idle', tracks: undefined, behindLive: false, refusal: undefined, errors: [] }

export interface Viewed {
  /** Undefined until there is an element to play in. */
  viewing: Viewing | undefined
  audience: AudienceState
  player: PlayerState
}

/** Watches a stream in this element, for as long as the page is there. @param query what lets this viewer watch */
export function useViewing (streamKey: string, query: string, video: HTMLVideoElement | null): Viewed {
  const [viewing, setViewing] = useState<Viewing>()
  useEffect(() => {
    if (video === null) return
    const viewing = new Viewing({ streamKey, server: ROOT, query, video, loadHls: () => import('hls.js/light') })
    const hide = showForSupport(viewing)
    setViewing(viewing)
    return () => {
      hide()
      viewing.close()
      setViewing(undefined)
    }
  }, [streamKey, query, video])
  return { viewing, audience: useSnapshot(viewing?.audience, NOBODY), player: useSnapshot(viewing?.player, NOTHING) }
}
