import type { ReactElement } from 'react'
import { ButtonLink } from '../../../src/ui/button.tsx'
import { Masthead } from '../../../src/ui/masthead.tsx'
import { Notice } from '../../../src/ui/notice.tsx'

/** Where nothing can be. */
export function NotFound ({ title, text }: { title: string, text: string }): ReactElement {
  return (
    <>
      <Masthead />
      <main>
        <Notice title={title} actions={<ButtonLink to='/'>See what is live</ButtonLink>}>{text}</Notice>
      </main>
    </>
  )
}
