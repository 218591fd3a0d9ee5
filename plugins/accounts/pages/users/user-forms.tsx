import type { ReactElement } from 'react'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Field, Select } from '../../../../src/ui/field.tsx'
import { Form } from '../form/form.tsx'
import { NO_PROBLEMS, ruleProblems } from '../form/problems.ts'
import { ROLES } from './user-query.ts'

export interface UserFormProps {
  /** Of the form: its button stands elsewhere. */
  id: string
  user: Account
  /** @param account as it is then */
  onDone: (account: Account) => void
}

const addressOf = ({ user_id: id }: Account) => `admin/users/${id}`

export function RoleForm ({ id, user, onDone }: UserFormProps): ReactElement {
  return (
    <Form
      id={id} names={['role']} check={() => NO_PROBLEMS}
      send={async values => onDone(await session.ask<Account>(addressOf(user), { method: 'PUT', body: values }))}
    >
      {problems => <Select label='Role' name='role' hint='Administrators see this page, and can do all that you can.' error={problems.role} defaultValue={user.role} options={ROLES} />}
    </Form>
  )
}

export function BanForm ({ id, user, onDone }: UserFormProps): ReactElement {
  return (
    <Form
      id={id} names={['reason']} check={ruleProblems}
      send={async ({ reason }) => onDone(await session.ask<Account>(`${addressOf(user)}/ban`, { method: 'POST', body: reason === '' ? {} : { reason } }))}
    >
      {problems => (
        <>
          <p>Whoever uses the account is logged out at once, and cannot log in until the ban is lifted.</p>
          <Field label='Reason' name='reason' hint='Kept with the account. You may leave it empty.' error={problems.reason} maxLength={500} autoComplete='off' />
        </>
      )}
    </Form>
  )
}

export function DeleteForm ({ id, user, onDone }: UserFormProps): ReactElement {
  return (
    <Form
      id={id} names={[]} check={() => NO_PROBLEMS}
      send={async () => {
        await session.ask(addressOf(user), { method: 'DELETE' })
        onDone({ ...user, status: 'deleted' })
      }}
    >
      {() => <p>Nobody can log in with it any more, and its username stays taken. This page has no way back.</p>}
    </Form>
  )
}
