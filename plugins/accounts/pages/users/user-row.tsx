import type { ReactElement } from 'react'
import { nameOf, pictureOf, type Account } from '../../../../src/page-parts/account/account.ts'
import { Avatar } from '../../../../src/page-parts/account/avatar.tsx'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Button } from '../../../../src/ui/button.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import { useApiAction } from '../form/use-api-action.ts'
import type { Asked } from './user-dialog.tsx'
import { ROLES } from './user-query.ts'

interface UserRowProps {
  user: Account
  /** The administrator's own account: others may change it. */
  isOwn: boolean
  onAsked: (asked: Asked) => void
  onChanged: (account: Account) => void
}

/** An account in the list, and what can be done to it. */
export function UserRow ({ user, isOwn, onAsked, onChanged }: UserRowProps): ReactElement {
  const { trouble, run } = useApiAction()
  const { user_id: id, username, email, status, role } = user
  const name = nameOf(user)
  const unban = () => run(async () => onChanged(await session.ask<Account>(`admin/users/${id}/unban`, { method: 'POST' })))
  const of = <VisuallyHidden> {username}</VisuallyHidden>
  return (
    <li className='users-row' id={rowId(user)} tabIndex={-1}>
      <Avatar name={name} picture={pictureOf(user.avatar_url, ROOT)} />
      <div className='users-who'>
        <p className='users-name'>
          <strong>{name}</strong>
          {status === 'banned' && <Badge kind='warning'>Banned</Badge>}
          {status === 'deleted' && <Badge kind='quiet'>Deleted</Badge>}
        </p>
        <p className='users-words'>{name === username ? email : `${username} · ${email}`}</p>
        <p className='users-words'>{ROLES.find(({ value }) => value === role)?.label} · since {sinceText(user.created_at)}</p>
      </div>
      {isOwn && <p className='users-ways users-words'>This is you</p>}
      {!isOwn && status !== 'deleted' && (
        <div className='users-ways'>
          <Button kind='quiet' onClick={() => onAsked({ what: 'role', user })}>Role{of}</Button>
          {status === 'banned'
            ? <Button kind='quiet' onClick={unban}>Lift the ban{of}</Button>
            : <Button kind='quiet' onClick={() => onAsked({ what: 'ban', user })}>Ban{of}</Button>}
          <Button kind='quiet' onClick={() => onAsked({ what: 'delete', user })}>Delete{of}</Button>
        </div>
      )}
      {trouble !== undefined && <div className='users-trouble'><Notice kind='danger' title={trouble} /></div>}
    </li>
  )
}

/** By which the row of an account takes the focus, when what had it is gone. */
export function rowId ({ user_id: id }: Account): string {
  return `user-${id}`
}

function sinceText (createdAt: string): string {
  return new Date(createdAt).toLocaleDateString(undefined, { dateStyle: 'medium' })
}
