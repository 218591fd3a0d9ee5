import type { ReactElement, ReactNode } from 'react'
import { Masthead } from '../../../../src/ui/masthead.tsx'
import { PageTitle } from '../../../../src/ui/page-title.tsx'
import './form-page.css'

interface FormPageProps {
  title: string
  children: ReactNode
  /** Links to what somebody may want instead. */
  instead?: ReactNode
}

/** A page with one form, or with what came of it. */
export function FormPage ({ title, children, instead }: FormPageProps): ReactElement {
  return (
    <div className='form-page'>
      <Masthead />
      <main>
        <PageTitle>{title}</PageTitle>
        <div className='form-page-panel'>{children}</div>
        {instead !== undefined && <div className='form-page-instead'>{instead}</div>}
      </main>
    </div>
  )
}
