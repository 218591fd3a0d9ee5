import { useCallback, useEffect, useRef, useSyncExternalStore, type ReactElement } from 'react'
import { Button } from '../../../ui/button.tsx'
import { Icon } from '../../../ui/icon.tsx'
import { PictureStage, StageVeil, StageWords } from '../../../ui/picture-stage.tsx'
import type { Veil } from './situation.ts'
import type { Viewed } from './use-viewing.ts'

interface StageProps extends Viewed {
  video: HTMLVideoElement | null
  setVideo: (video: HTMLVideoElement | null) => void
  veil: Veil | undefined
  /** Whether there is something newer to go to. */
  behind: boolean
}

const BEGUN = ['playing', 'paused', 'stalled']

/** The picture, and what lies on it. */
export function Stage ({ video, setVideo, viewing, player, veil, behind }: StageProps): ReactElement {
  const muted = useElement(video, 'volumechange', element => element.muted, true)
  const upright = useElement(video, 'resize', element => element.videoHeight > element.videoWidth, false)
  // With nothing to control, the controls would only shine through.
  const controls = veil === undefined || veil.thin
  const focusSoon = useFocusWhen(video, controls)

  // Browsers do not take the attribute for a video whose source comes later.
  useEffect(() => { if (video !== null) video.muted = true }, [video])

  // Each of these buttons goes with what it does; the focus should not.
  const unmute = () => {
    video!.muted = false
    focusSoon()
  }
  const goLive = () => {
    viewing!.player.goLive()
    focusSoon()
  }
  const replay = () => {
    viewing!.replay()
    focusSoon()
  }
  const silent = muted && player.tracks?.audio !== false && BEGUN.includes(player.playback)
  return (
    <PictureStage className={`watch-stage${upright ? ' watch-stage-upright' : ''}`}>
      <video ref={setVideo} controls={controls} playsInline aria-label='Live video' />
      {player.tracks?.video === false && veil === undefined && <StageWords>Sound only</StageWords>}
      {veil !== undefined && (
        <StageVeil title={veil.title} text={veil.text} isBusy={veil.busy} isThin={veil.thin}>
          {veil.replay && <Button kind='stage' onClick={replay}><Icon name='replay' />Watch from the beginning</Button>}
        </StageVeil>
      )}
      <div className='watch-offers'>
        {silent && <Button kind='stage' onClick={unmute}><Icon name='sound-off' />Turn sound on</Button>}
        {behind && <Button kind='stage' className='watch-go-live' onClick={goLive}><Icon name='forward' />Go to live</Button>}
      </div>
    </PictureStage>
  )
}

/** Something of an element that changes with an event. @param otherwise what holds while there is no element */
function useElement<T> (video: HTMLVideoElement | null, event: string, read: (video: HTMLVideoElement) => T, otherwise: T): T {
  const subscribe = useCallback((listener: () => void) => {
    video?.addEventListener(event, listener)
    return () => video?.removeEventListener(event, listener)
  }, [video, event])
  return useSyncExternalStore(subscribe, () => video === null ? otherwise : read(video))
}

/** @returns what moves the focus to the element as soon as it can take it: browsers focus only a video with controls */
function useFocusWhen (video: HTMLVideoElement | null, ready: boolean): () => void {
  const wanted = useRef(false)
  useEffect(() => {
    if (!ready || !wanted.current) return
    wanted.current = false
    video?.focus()
  }, [ready, video])
  return () => {
    if (ready) video?.focus()
    else wanted.current = true
  }
}
