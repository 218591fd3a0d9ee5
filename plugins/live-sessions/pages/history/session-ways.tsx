import { useState, type ReactElement } from 'react'
import { Button, ButtonLink } from '../../../../src/ui/button.tsx'
import { ConfirmDialog } from '../../../../src/ui/dialog.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import { useLiveAction } from '../api/failure-text.ts'
import { SessionApi } from '../api/live-api.ts'
import type { LiveSession } from '../api/live-session.ts'

interface SessionWaysProps {
  session: LiveSession
  isOwn: boolean
  /** @param words what was done */
  onDone: (words: string) => void
}

/** What can be done with a session outside of it. */
export function SessionWays ({ session, isOwn, onDone }: SessionWaysProps): ReactElement {
  const { session_id: id, title, status } = session
  const [asked, setAsked] = useState<'cancel' | 'delete'>()
  const { isBusy, trouble, run } = useLiveAction()
  const of = <VisuallyHidden> {title}</VisuallyHidden>
  const isOpen = status === 'live' || status === 'scheduled'
  const act = (what: 'cancel' | 'delete') => {
    setAsked(undefined)
    run(async () => {
      const api = new SessionApi(id)
      await (what === 'cancel' ? api.cancel() : api.remove())
      onDone(`${title} was ${what === 'cancel' ? 'cancelled' : 'deleted'}.`)
    })
  }
  return (
    <>
      {isOpen && <ButtonLink kind='quiet' to={`/live/${id}`}>{status === 'live' ? 'Go in' : 'Open'}{of}</ButtonLink>}
      {status === 'ended' && <ButtonLink kind='quiet' to={`/live/recordings?session_id=${id}`}>Recordings{of}</ButtonLink>}
      {isOwn && status === 'scheduled' && <Button kind='quiet' aria-disabled={isBusy} onClick={() => setAsked('cancel')}>Cancel{of}</Button>}
      {isOwn && <Button kind='quiet' aria-disabled={isBusy} onClick={() => setAsked('delete')}>Delete{of}</Button>}
      {trouble !== undefined && <Notice kind='danger' title={trouble} />}
      <ConfirmDialog open={asked === 'cancel'} title={`Cancel ${title}?`} confirm='Cancel the session' cancel='Keep it' onConfirm={() => act('cancel')} onCancel={() => setAsked(undefined)}>
        It will not take place. There is no way back.
      </ConfirmDialog>
      <ConfirmDialog open={asked === 'delete'} title={`Delete ${title}?`} confirm='Delete the session' cancel='Keep it' onConfirm={() => act('delete')} onCancel={() => setAsked(undefined)}>
        {status === 'live' ? 'It ends at once, for all who are there. ' : ''}Nobody finds it any more; its recordings stay yours.
      </ConfirmDialog>
    </>
  )
}
