import { useState, type ReactElement } from 'react'
import { Link, Redirect } from 'wouter'
import { call } from '../../../../src/page-parts/api/call.ts'
import { pathAfter } from '../../../../src/page-parts/session/came-from.ts'
import { session, useSession } from '../../../../src/page-parts/session/current.ts'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { Field } from '../../../../src/ui/field.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { Form, type Values } from '../form/form.tsx'
import { FormPage } from '../form/form-page.tsx'
import { PasswordFields } from '../form/password-fields.tsx'
import { ruleProblems, type OwnWords } from '../form/problems.ts'

const NAMES = ['username', 'email', 'password'] as const

const WORDS: OwnWords = {
  1001: { fields: { username: 'This name is taken. Choose another one.' } },
  1002: { fields: { email: 'There is an account with this address already.' } }
}

/** Makes an account, and logs in. */
export default function RegisterPage (): ReactElement {
  const { state } = useSession()
  const [isMade, setMade] = useState(false)

  const register = async (values: Values<typeof NAMES[number]>) => {
    await call(ROOT, 'auth/register', { method: 'POST', body: values })
    // The account is there all the same.
    await session.logIn(values.username, values.password).catch(() => setMade(true))
  }

  if (state === 'logged-in') return <Redirect to={pathAfter(history.state)} replace />
  if (isMade) {
    return (
      <FormPage isOutcome title='Your account is there'>
        <p>Now you can log in with it.</p>
        <ButtonLink to='/login'>Log in</ButtonLink>
      </FormPage>
    )
  }
  return (
    <FormPage title='Create an account' instead={<Link href='/login' state={history.state}>Log in to an account that you have</Link>}>
      <Form names={NAMES} submit='Create the account' busy='Creating it …' words={WORDS} check={ruleProblems} send={register}>
        {problems => (
          <>
            <Field name='username' label='Username' hint='3 to 50 characters, no @. You log in with it.' error={problems.username} required maxLength={50} autoComplete='username' autoCapitalize='none' spellCheck={false} />
            <Field name='email' label='E-mail address' hint='For a new password, should you forget yours.' error={problems.email} required type='email' autoComplete='email' />
            <PasswordFields passwords={[{ name: 'password', label: 'Password', autoComplete: 'new-password', hint: 'At least 6 characters; better is a short sentence.' }]} problems={problems} />
          </>
        )}
      </Form>
    </FormPage>
  )
}
