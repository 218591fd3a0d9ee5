import { useLocalParticipant, useLocalParticipantPermissions } from '@livekit/components-react'
import { Track } from 'livekit-client'
import { useState, type ReactElement } from 'react'
import { Toggle } from '../../../../../src/ui/field.tsx'
import { Notice } from '../../../../../src/ui/notice.tsx'

/** Camera, microphone and screen of who may send them. */
export function SendingControls (): ReactElement | null {
  const permissions = useLocalParticipantPermissions()
  const { localParticipant, isCameraEnabled, isMicrophoneEnabled, isScreenShareEnabled } = useLocalParticipant()
  const [trouble, setTrouble] = useState<string>()
  if (permissions?.canPublish !== true) return null
  const set = (source: Track.Source, what: string) => (on: boolean) => {
    setTrouble(undefined)
    const done = source === Track.Source.Camera
      ? localParticipant.setCameraEnabled(on)
      : source === Track.Source.Microphone ? localParticipant.setMicrophoneEnabled(on) : localParticipant.setScreenShareEnabled(on, { audio: true })
    done.catch((error: Error) => {
      // Who closes the browser's choice of screens has changed their mind.
      if (source === Track.Source.ScreenShare && error.name === 'NotAllowedError') return
      setTrouble(`${what} could not be used. Allow it for this page, then try again.`)
    })
  }
  return (
    <div className='room-toggles'>
      <Toggle label='Microphone' checked={isMicrophoneEnabled} onChange={set(Track.Source.Microphone, 'The microphone')} />
      <Toggle label='Camera' checked={isCameraEnabled} onChange={set(Track.Source.Camera, 'The camera')} />
      <Toggle label='Screen' checked={isScreenShareEnabled} onChange={set(Track.Source.ScreenShare, 'The screen')} />
      {trouble !== undefined && <Notice kind='warning' title={trouble} />}
    </div>
  )
}
