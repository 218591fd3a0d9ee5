import type { ReactElement, ReactNode } from 'react'
import { Pulse } from './pulse.tsx'
import './picture-stage.css'

/** Where a picture is shown: a `video`, and what lies on it. On a phone it goes from edge to edge. */
export function PictureStage ({ className = '', children }: { className?: string, children: ReactNode }): ReactElement {
  return <div className={`picture-stage ${className}`}>{children}</div>
}

interface StageVeilProps {
  title: string
  /** What happens by itself, or what to do; may be none. */
  text: string
  /** It goes on by itself. */
  isBusy: boolean
  /** A short interruption: the last picture stays in view, and so do its controls; the title has to do. */
  isThin: boolean
  /** What can be done. */
  children?: ReactNode
}

/** Why there is no picture, on the stage. */
export function StageVeil ({ title, text, isBusy, isThin, children }: StageVeilProps): ReactElement {
  return (
    <div className={`stage-veil${isThin ? ' stage-veil-thin' : ''}`}>
      {isBusy && <Pulse />}
      <p className='stage-veil-title'>{title}</p>
      {text !== '' && !isThin && <p className='stage-veil-text'>{text}</p>}
      {children}
    </div>
  )
}

/** A few words where a picture would be. */
export function StageWords ({ children }: { children: ReactNode }): ReactElement {
  return <p className='stage-words'>{children}</p>
}
