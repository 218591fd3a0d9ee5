import { useState, type ReactElement } from 'react'
import { Link } from 'wouter'
import { call } from '../../../../src/page-parts/api/call.ts'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { Field } from '../../../../src/ui/field.tsx'
import { ROOT } from '../../../../src/ui/root.ts'
import { Form } from '../form/form.tsx'
import { FormPage } from '../form/form-page.tsx'
import { ruleProblems, type OwnWords } from '../form/problems.ts'
import { resetPath } from '../reset/reset-token.ts'

/** What a server without mail answers outside production; one with mail, or of no such account, says nothing. */
type Answer = { reset_token?: string } | null

const WORDS: OwnWords = { 503: { whole: 'This server sends no mail at the moment. Ask whoever runs it for a new password.' } }

/** Asks for a mail with a link that sets a new password. */
export default function ForgotPage (): ReactElement {
  const [sent, setSent] = useState<{ resetToken: string | undefined }>()
  if (sent !== undefined) return <Sent {...sent} />
  return (
    <FormPage title='Forgotten password' instead={<Link href='/login'>Back to log in</Link>}>
      <p>Enter the address of your account. You get a mail with a link that sets a new password.</p>
      <Form
        names={['email']} submit='Send the mail' busy='Sending it …' words={WORDS} check={ruleProblems}
        send={async values => {
          const answer = await call<Answer>(ROOT, 'auth/forgot-password', { method: 'POST', body: values })
          setSent({ resetToken: answer?.reset_token })
        }}
      >
        {problems => <Field name='email' label='E-mail address' error={problems.email} required type='email' autoComplete='email' />}
      </Form>
    </FormPage>
  )
}

function Sent ({ resetToken }: { resetToken: string | undefined }): ReactElement {
  if (resetToken !== undefined) {
    return (
      <FormPage isOutcome title='This server sends no mail'>
        <p>It is not in production, so here is what the mail would bring: the way to a new password, good once.</p>
        <ButtonLink to={resetPath(resetToken)}>Set a new password</ButtonLink>
      </FormPage>
    )
  }
  return (
    <FormPage isOutcome title='Look into your mail' instead={<Link href='/login'>Back to log in</Link>}>
      <p>If there is an account with this address, a mail is on its way. The link in it is good once, and not for long.</p>
    </FormPage>
  )
}
