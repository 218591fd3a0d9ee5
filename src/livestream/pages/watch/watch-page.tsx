import type { ReactElement } from 'react'
import { Masthead } from '../../../ui/masthead.tsx'
import type { PageProps } from '../../../ui/page.ts'
import { PageTitle } from '../../../ui/page-title.tsx'

export default function WatchPage ({ params: { streamId } }: PageProps<'streamId'>): ReactElement {
  return (
    <>
      <Masthead />
      <main><PageTitle inTab={streamId}>{streamId}</PageTitle></main>
    </>
  )
}
