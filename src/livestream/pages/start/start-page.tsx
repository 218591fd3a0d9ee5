import type { ReactElement } from 'react'
import { Masthead } from '../../../ui/masthead.tsx'
import { PageTitle } from '../../../ui/page-title.tsx'

export default function StartPage (): ReactElement {
  return (
    <>
      <Masthead />
      <main><PageTitle>Live now</PageTitle></main>
    </>
  )
}
