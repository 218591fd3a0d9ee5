import { useCallback, useSyncExternalStore, type ReactElement, type ReactNode } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Icon } from '../../../../src/ui/icon.tsx'
import { PictureStage, StageVeil } from '../../../../src/ui/picture-stage.tsx'

/** What is said while there is no picture. */
export interface Waiting {
  title: string
  text: string
  /** A short interruption: the last picture stays in view. */
  isThin?: boolean
}

interface StageProps {
  waiting?: Waiting | undefined
  /** Whose sound can be turned on, should it be off. */
  muted?: HTMLVideoElement | null
  children: ReactNode
}

/** Where the picture is, and what lies on it. */
export function Stage ({ waiting, muted = null, children }: StageProps): ReactElement {
  const isMuted = useMuted(muted)
  const unmute = () => {
    muted!.muted = false
    // The button goes with what it does; the focus should not.
    muted!.focus()
  }
  return (
    <PictureStage>
      {children}
      <div role='status'>
        {waiting !== undefined && <StageVeil {...waiting} isBusy isThin={waiting.isThin === true} />}
      </div>
      {isMuted && <div className='room-offers'><Button kind='stage' onClick={unmute}><Icon name='sound-off' />Turn sound on</Button></div>}
    </PictureStage>
  )
}

function useMuted (video: HTMLVideoElement | null): boolean {
  const subscribe = useCallback((listener: () => void) => {
    video?.addEventListener('volumechange', listener)
    return () => video?.removeEventListener('volumechange', listener)
  }, [video])
  return useSyncExternalStore(subscribe, () => video?.muted === true)
}
