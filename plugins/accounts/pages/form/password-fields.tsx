import { useState, type ReactElement } from 'react'
import { Field, Toggle } from '../../../../src/ui/field.tsx'
import type { Problems } from './problems.ts'

interface Password {
  name: 'password' | 'old_password' | 'new_password'
  label: string
  /** By this, browsers and password managers know which one to offer. */
  autoComplete: 'current-password' | 'new-password'
  hint?: string
}

/** Passwords, hidden unless one wants to see what one writes. */
export function PasswordFields ({ passwords, problems }: { passwords: readonly Password[], problems: Problems['fields'] }): ReactElement {
  const [isShown, setShown] = useState(false)
  return (
    <>
      {passwords.map(password => (
        <Field key={password.name} {...password} type={isShown ? 'text' : 'password'} error={problems[password.name]} required autoCapitalize='none' spellCheck={false} />
      ))}
      <Toggle label={passwords.length === 1 ? 'Show the password' : 'Show the passwords'} checked={isShown} onChange={setShown} />
    </>
  )
}
