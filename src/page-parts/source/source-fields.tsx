import { useId, useState, type ReactElement } from 'react'
import { Select, Toggle } from '../../ui/field.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { VisuallyHidden } from '../../ui/visually-hidden.tsx'
import { SoundMeter } from './preview.tsx'
import type { SourceKind } from './source.ts'
import type { SourceState } from './use-source.ts'
import './source.css'

const KINDS: Array<{ kind: SourceKind, label: string, icon: IconName }> = [
  { kind: 'camera', label: 'Camera', icon: 'camera' },
  { kind: 'screen', label: 'Screen', icon: 'screen' },
  { kind: 'picture', label: 'Test picture', icon: 'picture' }
]

/** What is shown and heard. */
export function SourceFields ({ choice, source, devices, choose }: SourceState): ReactElement {
  const name = useId()
  return (
    <>
      <fieldset className='source-kinds'>
        <legend><VisuallyHidden>What to show</VisuallyHidden></legend>
        {KINDS.map(({ kind, label, icon }) => (
          <label key={kind} className='source-kind'>
            {/* A screen is asked for anew each time, so a click on what is chosen counts too. */}
            <input
              type='radio' name={name} value={kind} checked={choice.kind === kind}
              onChange={() => choose({ kind })} onClick={() => { if (kind === 'screen' && choice.kind === kind) choose({ kind }) }}
            />
            <Icon name={icon} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      {choice.kind === 'camera' && devices.cameras.length > 0 && (
        <Select
          label='Camera' value={choice.camera || idIn(source?.stream.getVideoTracks())} options={optionsOf(devices.cameras, 'Camera')}
          onChange={event => choose({ camera: event.target.value })}
        />
      )}
      {choice.kind !== 'picture' && (devices.microphones.length > 0 || !choice.withMicrophone) && (
        <Select
          label='Microphone' value={choice.withMicrophone ? choice.microphone || idIn(source?.stream.getAudioTracks()) : NONE}
          options={[...optionsOf(devices.microphones, 'Microphone'), { value: NONE, label: 'No microphone' }]}
          onChange={event => choose(event.target.value === NONE ? { withMicrophone: false } : { withMicrophone: true, microphone: event.target.value })}
        />
      )}
      <SoundMeter source={source} />
      {source !== undefined && (
        <div className='source-toggles' key={source.stream.id}>
          <TrackToggle label='Sound' tracks={source.stream.getAudioTracks()} />
          <TrackToggle label='Picture' tracks={source.stream.getVideoTracks()} />
        </div>
      )}
    </>
  )
}

/** Sends silence or black instead, without a new recording. */
function TrackToggle ({ label, tracks }: { label: string, tracks: MediaStreamTrack[] }): ReactElement | null {
  const [isOn, setOn] = useState(tracks.every(({ enabled }) => enabled))
  if (tracks.length === 0) return null
  const change = (on: boolean) => {
    for (const track of tracks) track.enabled = on
    setOn(on)
  }
  return <Toggle label={label} checked={isOn} onChange={change} />
}

const NONE = 'none'

/** The device that the browser has taken for the usual one. */
function idIn (tracks: MediaStreamTrack[] | undefined): string {
  return tracks?.[0]?.getSettings().deviceId ?? ''
}

function optionsOf (devices: MediaDeviceInfo[], word: string): Array<{ value: string, label: string }> {
  return devices.map(({ deviceId, label }, index) => ({ value: deviceId, label: label || `${word} ${index + 1}` }))
}
