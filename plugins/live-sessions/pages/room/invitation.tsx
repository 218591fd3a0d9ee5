import { useState, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { CopyField } from '../../../../src/ui/copy.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { useLiveAction } from '../api/failure-text.ts'
import type { SessionApi } from '../api/live-api.ts'
import type { SessionDetails } from '../api/live-session.ts'
import { keepInvitation, keptInvitation } from '../invitation/kept-invitation.ts'

/** The link for who is invited. */
export function Invitation ({ session: { session_id: id, is_public: isPublic }, api }: { session: SessionDetails, api: SessionApi }): ReactElement {
  const [token, setToken] = useState(() => keptInvitation(id))
  const { isBusy, trouble, run } = useLiveAction()
  const address = new URL(`live/${id}`, ROOT)
  if (!isPublic && token !== undefined) address.searchParams.set('invite_token', token)
  const renew = () => run(async () => {
    const { invite_link: link } = await api.invite()
    const made = new URL(link).searchParams.get('invite_token') ?? undefined
    if (made !== undefined) keepInvitation(id, made)
    setToken(made)
  })
  return (
    <Panel aria-label='Invitation'>
      {(isPublic || token !== undefined) && <CopyField label={isPublic ? 'Link to the session' : 'Link of the invitation'} text={address.href} copy='Copy link' />}
      {!isPublic && (
        <div className='room-ways'>
          <Button kind='quiet' aria-disabled={isBusy} onClick={renew}>Make a new link</Button>
          <span className='room-quiet'>The links before are void then.</span>
        </div>
      )}
      {trouble !== undefined && <Notice kind='danger' title={trouble} />}
    </Panel>
  )
}
