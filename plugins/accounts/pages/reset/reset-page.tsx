import { useState, type ReactElement } from 'react'
import { Link } from 'wouter'
import { call } from '../../../../src/page-parts/api/call.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { Form } from '../form/form.tsx'
import { FormPage } from '../form/form-page.tsx'
import { PasswordFields } from '../form/password-fields.tsx'
import { ruleProblems, type OwnWords } from '../form/problems.ts'
import { useResetToken } from './use-reset-token.ts'

const WORDS: OwnWords = {
  400: { whole: 'This link is not good any more: perhaps it has been used. Ask for another mail.' },
  1005: { whole: 'This link has expired. Ask for another mail.' }
}

/** Sets a new password for who has a token. */
export default function ResetPage (): ReactElement {
  const token = useResetToken()
  const [used, setUsed] = useState<string>()
  if (token !== undefined && token === used) {
    return (
      <FormPage isOutcome title='Your new password is set'>
        <p>Wherever you were logged in, you are not any more.</p>
        <ButtonLink to='/login'>Log in</ButtonLink>
      </FormPage>
    )
  }
  if (token === undefined) {
    return (
      <FormPage title='New password'>
        <p>This page needs the link from a mail. Ask for one, then open it.</p>
        <ButtonLink to='/forgot-password'>Ask for a mail</ButtonLink>
      </FormPage>
    )
  }
  return (
    <FormPage title='New password' instead={<Link href='/forgot-password'>Ask for another mail</Link>}>
      <Form
        // Another token is another try.
        key={token} names={['new_password']} submit='Set the password' busy='Setting it …' words={WORDS} check={ruleProblems}
        send={async values => {
          await call(ROOT, 'auth/reset-password', { method: 'POST', body: { token, ...values } })
          session.ended('logged-out')
          setUsed(token)
        }}
      >
        {problems => <PasswordFields passwords={[{ name: 'new_password', label: 'New password', autoComplete: 'new-password', hint: 'At least 6 characters; better is a short sentence.' }]} problems={problems} />}
      </Form>
    </FormPage>
  )
}
