import type { ReactElement } from 'react'
import type { BroadcastSnapshot } from '../../../client/broadcaster.ts'
import { Button, ButtonLink } from '../../../ui/button.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { signedQuery } from '../signed-query.ts'
import { sizeText } from './situation.ts'

interface OverProps {
  snapshot: BroadcastSnapshot
  streamKey: string
  onAgain: () => void
}

/** After a broadcast: where it can be watched, and the way to the next one. */
export function Over ({ snapshot: { stats, error, playbackUrl = '' }, streamKey, onAgain }: OverProps): ReactElement {
  // Of a stream that was refused there is nothing to watch.
  const isRefused = error?.code === 'SERVER_BUSY'
  const query = signedQuery(playbackUrl)
  return (
    <Panel aria-label='What is next'>
      {!isRefused && <p>{sizeText(stats.sentBytes)} were sent as {streamKey}. The recording can be watched until the server removes it.</p>}
      {!isRefused && <ButtonLink to={`/watch/${streamKey}${query === '' ? '' : `?${query}`}`}>Watch the recording</ButtonLink>}
      <Button kind='quiet' onClick={onAgain}>Go live again</Button>
    </Panel>
  )
}
