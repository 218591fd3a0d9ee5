import type { ReactElement } from 'react'
import type { BroadcastSnapshot } from '../../../client/broadcaster.ts'
import { Button, ButtonLink } from '../../../ui/button.tsx'
import { signedQuery } from '../signed-query.ts'
import { sizeText } from './situation.ts'

interface OverProps {
  snapshot: BroadcastSnapshot
  streamKey: string
  onAgain: () => void
}

/** After a broadcast: where it can be watched, and the way to the next one. */
export function Over ({ snapshot: { stats, playbackUrl = '' }, streamKey, onAgain }: OverProps): ReactElement {
  const query = signedQuery(playbackUrl)
  return (
    <section className='studio-panel' aria-label='What is next'>
      <p>{sizeText(stats.sentBytes)} were sent as {streamKey}. The recording can be watched until the server removes it.</p>
      <ButtonLink to={`/watch/${streamKey}${query === '' ? '' : `?${query}`}`}>Watch the recording</ButtonLink>
      <Button kind='quiet' onClick={onAgain}>Go live again</Button>
    </section>
  )
}
