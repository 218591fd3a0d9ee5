import type { ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { CopyField } from '../../../../src/ui/copy.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { useLiveAction } from '../api/failure-text.ts'
import type { SessionApi } from '../api/live-api.ts'
import type { SessionDetails } from '../api/live-session.ts'

interface InvitationProps {
  session: SessionDetails
  api: SessionApi
  onChanged: () => void
}

/** The link for who is invited. */
export function Invitation ({ session: { session_id: id, is_public: isPublic, invite_token: token }, api, onChanged }: InvitationProps): ReactElement {
  const { isBusy, trouble, run } = useLiveAction()
  const address = new URL(`live/${id}`, ROOT)
  if (!isPublic && token !== undefined) address.searchParams.set('invite_token', token)
  const renew = () => run(async () => {
    await api.invite()
    onChanged()
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
