import { captureCamera, captureScreen } from '../../client/capture.ts'
import { ClientError } from '../../client/client-error.ts'
import { openTestPicture } from './test-picture.ts'

export type SourceKind = 'camera' | 'screen' | 'picture'

/** What somebody wants to show. */
export interface SourceChoice {
  kind: SourceKind
  /** Device ids; empty: the usual one. */
  camera: string
  microphone: string
  /** Sound from a microphone, beside a screen too. */
  withMicrophone: boolean
}

/** Something that can be recorded. */
export interface Source {
  kind: SourceKind
  stream: MediaStream
  close: () => void
}

/** @throws ClientError as `captureCamera` and `captureScreen` do */
export async function openSource ({ kind, camera, microphone, withMicrophone }: SourceChoice): Promise<Source> {
  const chosenMicrophone = withMicrophone && (microphone || true)
  switch (kind) {
    case 'camera': return fromStreams(kind, [await captureCamera({ camera: camera || true, microphone: chosenMicrophone })])
    case 'picture': return { kind, ...openTestPicture() }
    case 'screen': {
      const screen = await captureScreen()
      // A screen is worth showing without a voice too.
      const voice = await openVoice(chosenMicrophone)
      return fromStreams(kind, voice === undefined ? [screen] : [screen, voice])
    }
  }
}

async function openVoice (microphone: string | boolean): Promise<MediaStream | undefined> {
  if (microphone === false) return undefined
  try {
    return await captureCamera({ camera: false, microphone })
  } catch (error) {
    if (error instanceof ClientError) return undefined
    throw error
  }
}

/** One picture, and all sounds as one. */
function fromStreams (kind: SourceKind, parts: MediaStream[]): Source {
  const sounds = parts.filter(part => part.getAudioTracks().length > 0)
  const mixer = sounds.length > 1 ? mix(sounds) : undefined
  const stream = new MediaStream([...parts.flatMap(part => part.getVideoTracks()), ...(mixer?.stream ?? sounds[0])?.getAudioTracks() ?? []])
  return {
    kind,
    stream,
    close () {
      for (const track of [...parts.flatMap(part => part.getTracks()), ...stream.getTracks()]) track.stop()
      mixer?.close()
    }
  }
}

function mix (sounds: MediaStream[]): { stream: MediaStream, close: () => void } {
  const context = new AudioContext()
  const output = context.createMediaStreamDestination()
  for (const sound of sounds) context.createMediaStreamSource(sound).connect(output)
  return { stream: output.stream, close () { void context.close() } }
}
