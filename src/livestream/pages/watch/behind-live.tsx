import { useEffect, useState, type ReactElement } from 'react'
import type { Player } from '../../../client/player.ts'

const LOOK_MS = 1_000

/** How far the picture is behind live (`Player.secondsBehindLive`), quietly: nothing is spoken. */
export function BehindLive ({ player }: { player: Player }): ReactElement | null {
  const [seconds, setSeconds] = useState(player.secondsBehindLive)
  useEffect(() => {
    const timer = setInterval(() => setSeconds(player.secondsBehindLive), LOOK_MS)
    return () => clearInterval(timer)
  }, [player])
  return seconds === undefined ? null : <span className='watch-behind'>{Math.round(seconds)} s behind</span>
}
