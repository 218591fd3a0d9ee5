import type { ReactElement } from 'react'
import { Link, Redirect } from 'wouter'
import { pathAfter } from '../../../../src/page-parts/session/came-from.ts'
import { session, useSession } from '../../../../src/page-parts/session/current.ts'
import { Field } from '../../../../src/ui/field.tsx'
import { Form } from '../form/form.tsx'
import { FormPage } from '../form/form-page.tsx'
import { PasswordFields } from '../form/password-fields.tsx'
import { missingProblems, type OwnWords, type Problems } from '../form/problems.ts'

const MISSING: Problems['fields'] = { username: 'Enter your username or your e-mail address.', password: 'Enter your password.' }

const WORDS: OwnWords = {
  1003: { fields: { username: 'There is no account of this name.' } },
  // Some servers say so of an unknown name too.
  1004: { fields: { password: 'This password does not belong to this name.' } },
  403: { whole: 'This account has been banned. Who runs this server can lift the ban.' }
}

/** Logs in, and goes back to where one came from. */
export default function LoginPage (): ReactElement {
  const { state } = useSession()
  if (state === 'logged-in') return <Redirect to={pathAfter(history.state)} replace />
  return (
    <FormPage
      title='Log in' instead={
        <>
          <Link href='/register' state={history.state}>Create an account</Link>
          <Link href='/forgot-password'>Forgotten your password?</Link>
        </>
      }
    >
      <Form
        names={['username', 'password']} submit='Log in' busy='Logging in …' words={WORDS}
        check={values => missingProblems(values, MISSING)}
        send={async ({ username, password }) => await session.logIn(username, password)}
      >
        {problems => (
          <>
            <Field name='username' label='Username or e-mail address' error={problems.username} required autoComplete='username' autoCapitalize='none' spellCheck={false} />
            <PasswordFields passwords={[{ name: 'password', label: 'Password', autoComplete: 'current-password' }]} problems={problems} />
          </>
        )}
      </Form>
    </FormPage>
  )
}
