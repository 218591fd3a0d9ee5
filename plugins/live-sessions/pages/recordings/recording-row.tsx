import { useEffect, useRef, useState, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Icon } from '../../../../src/ui/icon.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { useFocusKept } from '../../../../src/ui/use-focus-kept.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import type { Recording } from '../api/live-session.ts'
import { durationText, sizeText, timeText } from '../sessions/words.ts'
import { fileUrl } from './file-url.ts'

export interface RecordingRowProps {
  recording: Recording
  now: Date
  isOpen: boolean
  /** Somebody wants it opened, or closed. */
  onToggle: () => void
}

/** A recording in the list; it plays there while it is open. */
export function RecordingRow ({ recording, now, isOpen, onToggle }: RecordingRowProps): ReactElement {
  const { title, recording_url: address, duration, size_bytes: bytes, created_at: createdAt } = recording
  return (
    <li className='recordings-row'>
      <div className='recordings-what'>
        <h2>{title}</h2>
        <p>{durationText(duration)} · {sizeText(bytes)} · <time dateTime={createdAt}>{timeText(createdAt, now)}</time></p>
      </div>
      <Button kind='quiet' aria-expanded={isOpen} onClick={onToggle}>
        {isOpen ? 'Close' : <><Icon name='play' size={16} />Play</>}<VisuallyHidden> {title}</VisuallyHidden>
      </Button>
      {isOpen && <Playing url={fileUrl(address)} title={title} />}
    </li>
  )
}

/** The browser fetches of the file what it shows, in ranges. */
function Playing ({ url, title }: { url: string, title: string }): ReactElement {
  const video = useRef<HTMLVideoElement>(null)
  const [hasFailed, setFailed] = useState(false)
  useFocusKept(() => video.current)
  useEffect(() => {
    // Where browsers do not let it begin by itself, the controls wait for a hand.
    if (!hasFailed) video.current!.play().catch(() => {})
  }, [hasFailed])
  if (hasFailed) {
    return (
      <div className='recordings-playing'>
        <Notice kind='danger' title='The recording cannot be played' actions={<Button kind='quiet' onClick={() => setFailed(false)}>Try again</Button>}>It may have been removed, or you are not logged in any more.</Notice>
      </div>
    )
  }
  return <video ref={video} className='recordings-playing' src={url} controls playsInline preload='metadata' aria-label={title} onError={() => setFailed(true)} />
}
