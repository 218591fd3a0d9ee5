import { useEffect, useRef, useState, type FormEvent, type ReactElement } from 'react'
import { Button } from '../../../../src/ui/button.tsx'
import { Field, Select, TextArea, Toggle } from '../../../../src/ui/field.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { useLiveAction } from '../api/failure-text.ts'
import { createSession } from '../api/live-api.ts'
import { optionsOf, TYPES } from '../sessions/words.ts'
import type { CreatedSession } from './created.tsx'
import { MAX_PARTICIPANTS, newSessionOf, problemsOf, type Filled, type Problems } from './new-session.ts'

/** What a new session is. The first field that is wrong takes the focus. */
export function SessionForm ({ onCreated }: { onCreated: (created: CreatedSession) => void }): ReactElement {
  const form = useRef<HTMLFormElement>(null)
  const [problems, setProblems] = useState<Problems>({})
  const [isPublic, setPublic] = useState(false)
  const [isRecorded, setRecorded] = useState(false)
  const { isBusy, trouble, run } = useLiveAction()

  useEffect(() => { form.current!.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus() }, [problems])

  const send = (event: FormEvent) => {
    event.preventDefault()
    const filled = Object.fromEntries(new FormData(form.current!)) as unknown as Filled
    const { validity } = form.current!.elements.namedItem('scheduled_at') as HTMLInputElement
    const found = problemsOf(filled, { isTimeHalf: validity.badInput })
    setProblems(found)
    if (Object.keys(found).length > 0) return
    run(async () => {
      const { session_id: id, invite_link: link } = await createSession(newSessionOf(filled, { isPublic, isRecorded }))
      onCreated({ id, link, isPublic })
    })
  }
  return (
    <Panel aria-label='What it is'>
      <form ref={form} className='create-form' noValidate aria-busy={isBusy} onSubmit={send}>
        <Field label='Title' name='title' error={problems.title} required autoComplete='off' />
        <TextArea label='Description' name='description' hint='You may leave it empty.' />
        <div className='create-row'>
          <Select label='Type' name='session_type' options={optionsOf(TYPES)} />
          <Field label='People at most' name='max_participants' type='number' inputMode='numeric' min={1} max={MAX_PARTICIPANTS} defaultValue={50} error={problems.max_participants} hint='Beside you.' />
          <Field label='Begins' name='scheduled_at' type='datetime-local' max='9999-12-31T23:59' error={problems.scheduled_at} hint='It begins when you start it; this is said to others.' />
        </div>
        <Toggle label='Public' hint={isPublic ? 'Everybody sees it, and who is logged in can join.' : 'Only who has the link of the invitation can join.'} checked={isPublic} onChange={setPublic} />
        <Toggle label='Record it' hint='From its start to its end. You can begin and stop yourself too.' checked={isRecorded} onChange={setRecorded} />
        {trouble !== undefined && <Notice kind='danger' title={trouble} />}
        <Button type='submit' aria-disabled={isBusy}>{isBusy ? 'Making it …' : 'Make the session'}</Button>
      </form>
    </Panel>
  )
}
