import { RoomAudioRenderer, useAudioPlayback, useConnectionState, useLocalParticipantPermissions, useRoomContext, useTracks, VideoTrack, type TrackReference } from '@livekit/components-react'
import { ConnectionState, Track } from 'livekit-client'
import type { ReactElement } from 'react'
import { Button } from '../../../../../src/ui/button.tsx'
import { Icon } from '../../../../../src/ui/icon.tsx'
import type { PictureProps } from '../open-room.ts'
import { Stage, type Waiting } from '../stage.tsx'
import { SendingControls } from './sending-controls.tsx'

/** All who send, screens first, and what one sends oneself. */
export function LivekitPicture ({ isLive }: PictureProps): ReactElement {
  const tracks = useTracks([Track.Source.ScreenShare, Track.Source.Camera], { onlySubscribed: true })
    .filter(({ publication }) => !publication.isMuted)
    .sort((a, b) => Number(b.source === Track.Source.ScreenShare) - Number(a.source === Track.Source.ScreenShare))
  const { canPlayAudio, startAudio } = useAudioPlayback(useRoomContext())
  // Where that fails the button stays.
  const turnSoundOn = () => { startAudio().catch(() => {}) }
  const maySend = useLocalParticipantPermissions()?.canPublish === true
  const isConnected = useConnectionState() === ConnectionState.Connected
  const waiting = tracks.length > 0 ? undefined : waitingWords({ isLive, isConnected, maySend })
  return (
    <>
      <Stage waiting={waiting}>
        <div className={`room-tiles room-tiles-${Math.min(tracks.length, 4)}`}>
          {tracks.map(track => <Tile key={track.publication.trackSid} track={track} />)}
        </div>
        <RoomAudioRenderer />
        {!canPlayAudio && <div className='room-offers'><Button kind='stage' onClick={turnSoundOn}><Icon name='sound-off' />Turn sound on</Button></div>}
      </Stage>
      <SendingControls />
    </>
  )
}

function waitingWords ({ isLive, isConnected, maySend }: { isLive: boolean, isConnected: boolean, maySend: boolean }): Waiting {
  if (!isLive) return { title: 'The session has not begun', text: maySend ? 'You can turn on camera and microphone already.' : 'It starts here by itself.' }
  if (!isConnected) return { title: 'Coming in …', text: '' }
  return { title: 'Nobody shows a picture at the moment', text: maySend ? 'Turn on your camera or share your screen below.' : 'It appears here by itself.' }
}

function Tile ({ track }: { track: TrackReference }): ReactElement {
  const { participant, source } = track
  const name = participant.name === undefined || participant.name === '' ? participant.identity : participant.name
  const label = source === Track.Source.ScreenShare ? `Screen of ${name}` : name
  const isMirrored = participant.isLocal && source === Track.Source.Camera
  return (
    <figure className='room-tile'>
      <VideoTrack trackRef={track} className={isMirrored ? 'room-mirrored' : ''} aria-label={label} />
      <figcaption className='room-tile-name'>{label}</figcaption>
    </figure>
  )
}
