import type { ReactElement } from 'react'
import { Link } from 'wouter'
import { streamUrl } from '../../../client/server-address.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Drop } from '../../../ui/drop.tsx'
import { ROOT } from '../../../ui/root.ts'
import { viewersText } from '../viewers-text.ts'
import { sinceText, type LiveStream } from './listed.ts'
import { usePicture } from './use-picture.ts'
import './stream-card.css'

/** A stream that can be watched now. */
export function StreamCard ({ stream: { key, name, reconnecting, startedAt, viewers, hasPicture } }: { stream: LiveStream }): ReactElement {
  const picture = usePicture(hasPicture ? streamUrl(ROOT, key, 'thumbnail.jpg').href : undefined)
  return (
    <Link href={`/watch/${key}`} className='stream-card'>
      <div className='stream-card-picture'>
        {picture === undefined ? <Drop /> : <img src={picture} alt='' />}
        <Badge kind={reconnecting ? 'warning' : 'live'}>{reconnecting ? 'Reconnecting' : 'Live'}</Badge>
      </div>
      <h2>{name}</h2>
      <p>{viewersText(viewers)} · <time dateTime={startedAt.toISOString()}>{sinceText(startedAt, new Date())}</time></p>
    </Link>
  )
}

/** Where a card will be. */
export function CardSkeleton (): ReactElement {
  return (
    <div className='stream-card stream-card-skeleton' aria-hidden='true'>
      <div className='stream-card-picture' />
      <h2><span /></h2>
      <p><span /></p>
    </div>
  )
}
