import { useEffect, useState, type ReactElement } from 'react'
import type { PlayerState } from '../../../../../src/client/player.ts'
import { StageWords } from '../../../../../src/ui/picture-stage.tsx'
import { ROOT } from '../../../../../src/ui/root.ts'
import { useSnapshot } from '../../../../../src/ui/use-snapshot.ts'
import type { Joined } from '../../api/live-session.ts'
import type { RoomConnection } from '../connection.ts'
import type { PictureProps } from '../open-room.ts'
import { Stage } from '../stage.tsx'
import { waitingFor } from './waiting.ts'
import { Watching } from './watching.ts'

interface ViewerPictureProps extends PictureProps {
  connection: RoomConnection
  joined: () => Joined
  renew: () => Promise<Joined>
}

const NOTHING: PlayerState = { playback: 'idle', tracks: undefined, behindLive: false, refusal: undefined, errors: [] }

/** What the host sends. */
export function ViewerPicture ({ isLive, connection, joined, renew }: ViewerPictureProps): ReactElement {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null)
  const [watching, setWatching] = useState<Watching>()
  const { playback, tracks } = useSnapshot(watching?.player, NOTHING)

  useEffect(() => {
    if (video === null || !isLive) return
    // Without sound browsers let it begin by itself.
    video.muted = true
    const watching = new Watching({ server: ROOT, video, loadHls: () => import('hls.js/light'), connection, joined, renew })
    watching.load()
    setWatching(watching)
    return () => {
      watching.close()
      setWatching(undefined)
    }
  }, [video, isLive, connection])

  const waiting = waitingFor(isLive, playback)
  const isSeen = waiting === undefined || waiting.isThin === true
  return (
    <Stage waiting={waiting} muted={isSeen && tracks?.audio !== false ? video : null}>
      <video ref={setVideo} controls={isSeen} playsInline aria-label='Picture of the host' />
      {tracks?.video === false && isSeen && <StageWords>Sound only</StageWords>}
    </Stage>
  )
}
