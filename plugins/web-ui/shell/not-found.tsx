import type { ReactElement } from 'react'
import { ButtonLink } from '../../../src/ui/button.tsx'
import { NoticePage } from '../../../src/ui/notice-page.tsx'

/** Where nothing can be. */
export function NotFound ({ title, text }: { title: string, text: string }): ReactElement {
  return <NoticePage title={title} action={<ButtonLink to='/'>See what is live</ButtonLink>}>{text}</NoticePage>
}
