import type { ReactElement } from 'react'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Panel } from '../../../../src/ui/panel.tsx'
import { Form } from '../form/form.tsx'
import { PasswordFields } from '../form/password-fields.tsx'
import { ruleProblems, type OwnWords } from '../form/problems.ts'

const WORDS: OwnWords = { 1004: { fields: { old_password: 'That is not your password.' } } }

/** Another password. It ends every session of the account, so this one begins anew. */
export function NewPassword ({ account: { username } }: { account: Account }): ReactElement {
  return (
    <Panel>
      <h2>Password</h2>
      <Form
        names={['old_password', 'new_password']} submit='Change the password' busy='Changing it …' kind='quiet' done='Changed.' words={WORDS} check={ruleProblems}
        send={async values => {
          await session.ask('users/change-password', { method: 'POST', body: values })
          // It is changed all the same; then one logs in by hand.
          await session.logIn(username, values.new_password).catch(() => session.ended('logged-out'))
        }}
      >
        {problems => (
          <>
            {/* For password managers: whose password it is. */}
            <input hidden autoComplete='username' value={username} readOnly />
            <PasswordFields
              problems={problems} passwords={[
                { name: 'old_password', label: 'Password now', autoComplete: 'current-password' },
                { name: 'new_password', label: 'New password', autoComplete: 'new-password', hint: 'At least 6 characters. Elsewhere you are logged out.' }
              ]}
            />
          </>
        )}
      </Form>
    </Panel>
  )
}
