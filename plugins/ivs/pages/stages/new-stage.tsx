import { useRef, useState, type FormEvent, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Field } from '../../../../src/ui/field.tsx'
import { useAction } from '../../../../src/ui/use-action.ts'
import { FailureWords } from './api-words.tsx'
import { stageFailure, type StageApi } from './stage-api.ts'

/** Makes a stage, which the autoscaler leaves alone. */
export function NewStage ({ api }: { api: StageApi }): ReactElement {
  const form = useRef<HTMLFormElement>(null)
  const [made, setMade] = useState('')
  const { isBusy, trouble, run } = useAction(stageFailure)
  const send = (event: FormEvent) => {
    event.preventDefault()
    const name = String(new FormData(form.current!).get('name')).trim()
    setMade('')
    run(async () => {
      await api.create(name)
      form.current?.reset()
      setMade(name)
    })
  }
  return (
    <form ref={form} className='stages-new' noValidate aria-busy={isBusy} onSubmit={send}>
      <Field
        label='New stage' name='name' maxLength={128} autoComplete='off' autoCapitalize='none' spellCheck={false}
        hint='Letters, digits, - and _. It stays until somebody deletes it.'
        error={trouble === undefined ? undefined : <FailureWords of={trouble} />}
      />
      <Button type='submit' kind='quiet' aria-disabled={isBusy}>Make it</Button>
      <p className='stages-made' role='status'>{made !== '' && `${made} was made.`}</p>
    </form>
  )
}
