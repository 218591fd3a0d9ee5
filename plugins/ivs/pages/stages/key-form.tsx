import { useEffect, useRef, useState, type FormEvent, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Field } from '../../../../src/ui/field.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'

interface KeyFormProps {
  /** Why it is asked for again. */
  problem: string | undefined
  onKey: (key: string) => void
}

/** Asks for the key of the API. */
export function KeyForm ({ problem, onKey }: KeyFormProps): ReactElement {
  const form = useRef<HTMLFormElement>(null)
  const [isMissing, setMissing] = useState(false)
  const error = isMissing ? 'Enter the key first.' : problem

  useEffect(() => { if (error !== undefined) form.current!.querySelector('input')!.focus() }, [error])

  const send = (event: FormEvent) => {
    event.preventDefault()
    const key = String(new FormData(form.current!).get('api-key')).trim()
    setMissing(key === '')
    if (key !== '') onKey(key)
  }
  return (
    <Panel aria-label='Key'>
      <form ref={form} className='stages-key' noValidate onSubmit={send}>
        <Field label='API key' name='api-key' type='password' autoComplete='off' error={error} hint='API_SECRET_KEY of the server. It stays in this tab until you close it, or forget the key.' />
        <Button type='submit'>Show the stages</Button>
      </form>
    </Panel>
  )
}
