import { useId, type ComponentType, type ReactElement } from 'react'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { Button, type ButtonKind } from '../../../../src/ui/button.tsx'
import { Dialog } from '../../../../src/ui/dialog.tsx'
import { BanForm, DeleteForm, RoleForm, type UserFormProps } from './user-forms.tsx'

/** What is to be done to an account, before it is. */
export interface Asked {
  what: 'role' | 'ban' | 'delete'
  user: Account
}

interface Question {
  title: (username: string) => string
  confirm: string
  kind: ButtonKind
  Form: ComponentType<UserFormProps>
}

const QUESTIONS: Record<Asked['what'], Question> = {
  role: { title: username => `Role of ${username}`, confirm: 'Save', kind: 'primary', Form: RoleForm },
  ban: { title: username => `Ban ${username}?`, confirm: 'Ban', kind: 'danger', Form: BanForm },
  delete: { title: username => `Delete ${username}?`, confirm: 'Delete', kind: 'danger', Form: DeleteForm }
}

interface UserDialogProps {
  /** Undefined before the first question. */
  asked: Asked | undefined
  open: boolean
  /** @param account as it is then */
  onDone: (account: Account) => void
  onClose: () => void
}

/** Asks what is needed for it, and does it. */
export function UserDialog ({ asked, open, onDone, onClose }: UserDialogProps): ReactElement {
  const form = useId()
  const { title, confirm, kind, Form } = QUESTIONS[asked?.what ?? 'role']
  return (
    <Dialog
      open={open} title={title(asked?.user.username ?? '')} onClose={onClose} actions={
        <>
          <Button kind='quiet' onClick={onClose}>Cancel</Button>
          <Button kind={kind} type='submit' form={form}>{confirm}</Button>
        </>
      }
    >
      {open && asked !== undefined && <Form id={form} user={asked.user} onDone={onDone} />}
    </Dialog>
  )
}
