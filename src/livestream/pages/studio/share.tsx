import type { ReactElement } from 'react'
import { CopyField } from '../../../ui/copy.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { ROOT } from '../../../ui/root.ts'
import { signedQuery, withQuery } from '../signed-query.ts'
import { embedCode } from './embed-code.ts'

/** Where others watch. @param props `playbackUrl`: what the server said of that, when the stream is on air */
export function Share ({ streamKey, playbackUrl = '' }: { streamKey: string, playbackUrl?: string | undefined }): ReactElement {
  const address = withQuery(new URL(`watch/${encodeURIComponent(streamKey)}`, ROOT), signedQuery(playbackUrl)).href
  return (
    <Panel aria-labelledby='studio-share'>
      <h2 id='studio-share'>Share</h2>
      <div className='studio-share'>
        <CopyField label='Link to watch' text={address} />
        <CopyField label='Code to embed' text={embedCode(address)} />
      </div>
      <p><a href={address} target='_blank' rel='noreferrer'>Open the watch page in a new tab</a></p>
    </Panel>
  )
}
