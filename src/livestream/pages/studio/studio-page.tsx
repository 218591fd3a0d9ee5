import type { ReactElement } from 'react'
import { Masthead } from '../../../ui/masthead.tsx'
import { PageTitle } from '../../../ui/page-title.tsx'

export default function StudioPage (): ReactElement {
  return (
    <>
      <Masthead />
      <main><PageTitle>Go live</PageTitle></main>
    </>
  )
}
