import { useEffect, useId, useRef, type ReactElement, type ReactNode } from 'react'
import { Button } from './button.tsx'
import './dialog.css'

interface DialogProps {
  open: boolean
  title: ReactNode
  children?: ReactNode
  /** Buttons, the one that changes nothing first. */
  actions: ReactNode
  /** Escape, or the browser's way back. */
  onClose: () => void
}

/** A question that has to be answered before anything else. The browser keeps the focus in it and gives it back. */
export function Dialog ({ open, title, children, actions, onClose }: DialogProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const element = dialog.current!
    if (open && !element.open) element.showModal()
    else if (!open && element.open) element.close()
  }, [open])
  return (
    <dialog
      ref={dialog} className='dialog' aria-labelledby={id}
      // By itself it would be gone from view before anybody was told: who opens it again in between would not be heard.
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
      // Browsers close it at a second Escape, whatever the first one came to. They may tell of it when it is open again.
      onClose={() => { if (open && !dialog.current!.open) onClose() }}
    >
      <h2 id={id}>{title}</h2>
      {children !== undefined && <div className='dialog-text'>{children}</div>}
      <div className='dialog-actions'>{actions}</div>
    </dialog>
  )
}

interface ConfirmProps extends Pick<DialogProps, 'open' | 'title' | 'children'> {
  /** What happens, as a verb: `End the stream`. */
  confirm: string
  /** What is chosen otherwise. Default: `Cancel`. */
  cancel?: string
  onConfirm: () => void
  onCancel: () => void
}

/** Asks before something that cannot be taken back. The focus begins on what changes nothing. */
export function ConfirmDialog ({ confirm, cancel = 'Cancel', onConfirm, onCancel, ...rest }: ConfirmProps): ReactElement {
  return (
    <Dialog
      {...rest} onClose={onCancel} actions={
        <>
          <Button kind='quiet' onClick={onCancel}>{cancel}</Button>
          <Button kind='danger' onClick={onConfirm}>{confirm}</Button>
        </>
      }
    />
  )
}
