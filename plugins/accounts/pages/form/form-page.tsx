import { useEffect, type ReactElement, type ReactNode } from 'react'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import './form-page.css'

interface FormPageProps {
  title: string
  /** It takes the place of a form that is done: the focus goes to its heading. */
  isOutcome?: boolean
  children: ReactNode
  /** Links to what somebody may want instead. */
  instead?: ReactNode
}

/** A page with one form, or with what came of it. */
export function FormPage ({ title, isOutcome = false, children, instead }: FormPageProps): ReactElement {
  useEffect(() => { if (isOutcome) document.querySelector('h1')!.focus() }, [isOutcome])
  return (
    <div className='form-page'>
      <Masthead />
      <main>
        <PageTitle inTab={title}>{title}</PageTitle>
        <Panel>{children}</Panel>
        {instead !== undefined && <div className='form-page-instead'>{instead}</div>}
      </main>
    </div>
  )
}
