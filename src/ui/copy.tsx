import { useEffect, useId, useRef, useState, type ReactElement } from 'react'
import { Button, type ButtonKind } from './button.tsx'
import { copyText } from './copy-text.ts'
import { Icon } from './icon.tsx'
import { VisuallyHidden } from './visually-hidden.tsx'
import './copy.css'

const SAID_MS = 2_500

type Outcome = 'copied' | 'refused'

interface CopyButtonProps {
  text: string
  /** What is copied, as the button says it: `Copy link`. */
  label: string
  kind?: ButtonKind
  onRefused?: () => void
}

/** Copies a text, and says so: in its own place, and aloud. */
export function CopyButton ({ text, label, kind = 'quiet', onRefused }: CopyButtonProps): ReactElement {
  const [outcome, setOutcome] = useState<Outcome>()
  useEffect(() => {
    if (outcome === undefined) return
    const timer = setTimeout(() => setOutcome(undefined), SAID_MS)
    return () => clearTimeout(timer)
  }, [outcome])
  const copy = async () => {
    const copied = await copyText(text)
    setOutcome(copied ? 'copied' : 'refused')
    if (!copied) onRefused?.()
  }
  const said = outcome === 'copied' ? 'Copied' : outcome === 'refused' ? 'Not allowed here' : ''
  return (
    <>
      <Button kind={kind} onClick={() => { void copy() }}>
        <Icon name={outcome === 'copied' ? 'check' : 'copy'} />
        {/* Both words keep their room, so that nothing moves. */}
        <span className='copy-words'>
          <span className={said === '' ? '' : 'copy-away'}>{label}</span>
          <span className={said === '' ? 'copy-away' : ''}>{said || 'Copied'}</span>
        </span>
      </Button>
      <VisuallyHidden role='status'>{said}</VisuallyHidden>
    </>
  )
}

/** An address or another text to take along: shown, selected by a click, copied by the button. */
export function CopyField ({ label, text, copy = 'Copy' }: { label: string, text: string, copy?: string }): ReactElement {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  return (
    <div className='field'>
      <label htmlFor={id}>{label}</label>
      <div className='copy-field'>
        <input id={id} ref={input} className='field-control' readOnly value={text} onFocus={event => event.target.select()} />
        <CopyButton text={text} label={copy} onRefused={() => input.current?.select()} />
      </div>
    </div>
  )
}
