import { useId, type InputHTMLAttributes, type ReactElement, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'
import './field.css'

interface Labelled {
  label: ReactNode
  /** What helps to fill it in. */
  hint?: ReactNode
  /** What is wrong with it, and what to do. */
  error?: ReactNode
}

/** Label, control, hint and error, tied together for who hears them. */
function Frame ({ label, hint, error, id, children }: Labelled & { id: string, children: ReactNode }): ReactElement {
  return (
    <div className='field'>
      <label htmlFor={id}>{label}</label>
      {children}
      {hint !== undefined && <p className='field-hint' id={`${id}-hint`}>{hint}</p>}
      <p className='field-error' id={`${id}-error`} role='alert' hidden={error === undefined}>{error}</p>
    </div>
  )
}

const describedBy = (id: string, { hint, error }: Labelled) =>
  [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean).join(' ') || undefined

/** One line of text. Attributes are those of `<input>`. */
export function Field ({ label, hint, error, ...input }: Labelled & Omit<InputHTMLAttributes<HTMLInputElement>, 'id'>): ReactElement {
  const id = useId()
  const texts = { label, hint, error }
  return (
    <Frame id={id} {...texts}>
      <input id={id} className='field-control' aria-invalid={error !== undefined} aria-describedby={describedBy(id, texts)} {...input} />
    </Frame>
  )
}

/** Several lines of text. Attributes are those of `<textarea>`. */
export function TextArea ({ label, hint, error, ...textarea }: Labelled & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'id'>): ReactElement {
  const id = useId()
  const texts = { label, hint, error }
  return (
    <Frame id={id} {...texts}>
      <textarea id={id} className='field-control' rows={3} aria-invalid={error !== undefined} aria-describedby={describedBy(id, texts)} {...textarea} />
    </Frame>
  )
}

/** One of several. Attributes are those of `<select>`. */
export function Select ({ label, hint, error, options, ...select }: Labelled & { options: ReadonlyArray<{ value: string, label: string }> } & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'id'>): ReactElement {
  const id = useId()
  const texts = { label, hint, error }
  return (
    <Frame id={id} {...texts}>
      <select id={id} className='field-control' aria-invalid={error !== undefined} aria-describedby={describedBy(id, texts)} {...select}>
        {options.map(option => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
    </Frame>
  )
}

interface ToggleProps extends Pick<Labelled, 'label' | 'hint'> {
  checked: boolean
  disabled?: boolean
  onChange: (checked: boolean) => void
}

/** On or off, at once. */
export function Toggle ({ label, hint, checked, disabled = false, onChange }: ToggleProps): ReactElement {
  const id = useId()
  return (
    <div className='toggle'>
      <input id={id} type='checkbox' role='switch' checked={checked} disabled={disabled} aria-describedby={describedBy(id, { label, hint })} onChange={event => onChange(event.target.checked)} />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && <p className='field-hint' id={`${id}-hint`}>{hint}</p>}
    </div>
  )
}
