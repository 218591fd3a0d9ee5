import { useEffect, type ReactElement } from 'react'
import { ButtonLink } from '../../../../src/ui/button.tsx'
import { CopyField } from '../../../../src/ui/copy.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { LivePage } from '../sessions/live-page.tsx'

export interface CreatedSession {
  id: string
  /** For who is invited. */
  link: string
  isPublic: boolean
}

/** The session is there: its link, and the way in. */
export function Created ({ id, link, isPublic }: CreatedSession): ReactElement {
  useEffect(() => { document.querySelector('h1')!.focus() }, [])
  return (
    <LivePage title='The session is there'>
      <Panel aria-label='What to do next'>
        <p>{isPublic ? 'It is listed among the public sessions. Here is its link too.' : 'Only who has this link can join. Send it to whom you invite; it is good until the session ends.'}</p>
        <CopyField label={isPublic ? 'Link to the session' : 'Link of the invitation'} text={link} />
        <div className='create-ways'><ButtonLink to={`/live/${id}`}>Go to the session</ButtonLink></div>
      </Panel>
    </LivePage>
  )
}
