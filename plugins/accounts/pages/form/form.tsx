import { useEffect, useRef, useState, type FormEvent, type ReactElement, type ReactNode } from 'react'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { Button, type ButtonKind } from '../../../../src/ui/button.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { failureProblems, hasProblems, NO_PROBLEMS, type FieldName, type OwnWords, type Problems } from './problems.ts'
import './form.css'

/** What was filled in, by the names of the fields; all but passwords without spaces around. */
export type Values<Name extends FieldName> = Record<Name, string>

interface FormProps<Name extends FieldName> {
  /** Names of its fields. */
  names: readonly Name[]
  /** What the button says, and what it says while the answer is awaited. None: the button is elsewhere, and has `id`. */
  submit?: string
  busy?: string
  /** Of the button. */
  kind?: ButtonKind
  /** What is wrong before anything is sent. */
  check: (values: Values<Name>) => Problems
  /** Sends it. What it throws is told by `words`, or in general. */
  send: (values: Values<Name>) => Promise<void>
  /** What failures mean here. */
  words?: OwnWords
  /** What is said when it is done, where the form stays. */
  done?: string
  id?: string
  /** The fields, given what is wrong with each. */
  children: (problems: Problems['fields']) => ReactNode
}

/**
 * A form of accounts. It is sent once at a time; what is wrong is said at the fields, and the first of them takes
 * the focus. The browser keeps what is filled in, so that whatever fills forms in can.
 */
export function Form<Name extends FieldName> ({ names, submit, busy, kind = 'primary', check, send, words, done, id, children }: FormProps<Name>): ReactElement {
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState(NO_PROBLEMS)
  const [isSending, setSending] = useState(false)
  const [isDone, setDone] = useState(false)

  useEffect(() => {
    if (hasProblems(problems)) form.current!.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [problems])

  const sendOnce = async (event: FormEvent) => {
    event.preventDefault()
    if (isSending) return
    const values = valuesOf(form.current!, names)
    const found = check(values)
    setProblems(found)
    setDone(false)
    if (hasProblems(found)) return
    setSending(true)
    try {
      await send(values)
      clearPasswords(form.current)
      setDone(true)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      setProblems(failureProblems(error, names, words))
    } finally {
      setSending(false)
    }
  }

  return (
    <form ref={form} id={id} className='account-form' noValidate aria-busy={isSending} onSubmit={event => { void sendOnce(event) }}>
      {children(problems.fields)}
      {problems.whole !== undefined && <Notice kind='danger' title={problems.whole} />}
      {submit !== undefined && (
        <div className='account-form-end'>
          <Button type='submit' kind={kind} aria-disabled={isSending}>{isSending ? busy : submit}</Button>
          {done !== undefined && <span className='account-form-done' role='status'>{isDone && done}</span>}
        </div>
      )}
    </form>
  )
}

/** Once they have done their work they do not stay in the page. */
function clearPasswords (form: HTMLFormElement | null): void {
  for (const element of form?.elements ?? []) {
    if (element instanceof HTMLInputElement && element.name.includes('password')) element.value = ''
  }
}

function valuesOf<Name extends FieldName> (form: HTMLFormElement, names: readonly Name[]): Values<Name> {
  const data = new FormData(form)
  return Object.fromEntries(names.map(name => {
    const value = String(data.get(name) ?? '')
    return [name, name.includes('password') ? value : value.trim()]
  })) as Values<Name>
}
