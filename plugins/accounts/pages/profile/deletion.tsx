import { useId, useState, type ReactElement } from 'react'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Button } from '../../../../src/ui/button.tsx'
import { Dialog } from '../../../../src/ui/dialog.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { Form } from '../form/form.tsx'
import { PasswordFields } from '../form/password-fields.tsx'
import { missingProblems, type OwnWords } from '../form/problems.ts'

const WORDS: OwnWords = { 1004: { fields: { password: 'That is not your password.' } } }

/** The end of the account, asked for twice: it cannot be taken back. */
export function Deletion ({ account: { username } }: { account: Account }): ReactElement {
  const [isAsking, setAsking] = useState(false)
  const form = useId()
  return (
    <Panel>
      <h2>Delete the account</h2>
      <p className='profile-words'>You cannot take this back, and nobody can have its username again.</p>
      <div><Button kind='quiet' onClick={() => setAsking(true)}>Delete the account …</Button></div>
      <Dialog
        open={isAsking} title={`Delete ${username}?`} onClose={() => setAsking(false)} actions={
          <>
            <Button kind='quiet' onClick={() => setAsking(false)}>Keep it</Button>
            <Button kind='danger' type='submit' form={form}>Delete it</Button>
          </>
        }
      >
        {/* Whoever asks again begins anew. */}
        {isAsking && (
          <Form
            id={form} names={['password']} words={WORDS} check={values => missingProblems(values, { password: 'Enter your password.' })}
            send={async values => {
              await session.ask('users/account', { method: 'DELETE', body: values })
              session.ended('deleted')
            }}
          >
            {problems => <PasswordFields passwords={[{ name: 'password', label: 'Your password', autoComplete: 'current-password' }]} problems={problems} />}
          </Form>
        )}
      </Dialog>
    </Panel>
  )
}
