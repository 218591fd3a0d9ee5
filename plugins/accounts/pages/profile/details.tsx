import type { ReactElement } from 'react'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { session } from '../../../../src/page-parts/session/current.ts'
import { Field } from '../../../../src/ui/field.tsx'
import { Form } from '../form/form.tsx'
import { ruleProblems, type OwnWords } from '../form/problems.ts'

const WORDS: OwnWords = { 1002: { fields: { email: 'Another account has this address.' } } }

/** What one is called, and where mail goes. */
export function Details ({ account: { username, nickname, email } }: { account: Account }): ReactElement {
  return (
    <Form
      names={['nickname', 'email']} submit='Save' busy='Saving …' done='Saved.' words={WORDS} check={ruleProblems}
      send={async values => session.changed(await session.ask<Account>('users/profile', { method: 'PUT', body: values }))}
    >
      {problems => (
        <>
          <Field name='nickname' label='Name' hint={`What others see. You log in as ${username}.`} error={problems.nickname} required defaultValue={nickname} maxLength={50} autoComplete='nickname' />
          <Field name='email' label='E-mail address' hint='For a new password, should you forget yours.' error={problems.email} defaultValue={email} required type='email' autoComplete='email' />
        </>
      )}
    </Form>
  )
}
