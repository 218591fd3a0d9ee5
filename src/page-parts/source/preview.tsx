import { useEffect, useRef, useState, type ReactElement, type ReactNode } from 'react'
import { LevelMeter } from '../../ui/level-meter.tsx'
import { PictureStage } from '../../ui/picture-stage.tsx'
import { soundLevelOf, type SoundLevel } from './sound-level.ts'
import type { Source } from './source.ts'
import './source.css'

/** What is shown, as its viewers will see it; people see themselves as in a mirror. `children` lie on the picture. */
export function Preview ({ source, children }: { source: Source | undefined, children?: ReactNode }): ReactElement {
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    video.current!.srcObject = source?.stream ?? null
  }, [source])
  return (
    <PictureStage>
      <video ref={video} className={source?.kind === 'camera' ? 'source-mirrored' : ''} muted autoPlay playsInline aria-label='Preview' />
      {children}
    </PictureStage>
  )
}

/** How loud the source is. */
export function SoundMeter ({ source }: { source: Source | undefined }): ReactElement | null {
  const [sound, setSound] = useState<SoundLevel>()
  useEffect(() => {
    const opened = source === undefined ? undefined : soundLevelOf(source.stream)
    setSound(opened)
    return () => opened?.close()
  }, [source])
  if (sound === undefined) return source === undefined ? null : <p className='field-hint'>No sound is sent.</p>
  return <LevelMeter label='Sound level' level={sound.read} />
}
