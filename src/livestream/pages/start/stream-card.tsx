import type { ReactElement } from 'react'
import { streamUrl } from '../../../client/server-address.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Drop } from '../../../ui/drop.tsx'
import { PictureCard } from '../../../ui/picture-card.tsx'
import { ROOT } from '../../../ui/root.ts'
import { viewersText } from '../viewers-text.ts'
import { sinceText, type LiveStream } from './listed.ts'
import { usePicture } from './use-picture.ts'
import './stream-card.css'

/** A stream that can be watched now. */
export function StreamCard ({ stream: { key, name, reconnecting, startedAt, viewers, hasPicture } }: { stream: LiveStream }): ReactElement {
  const picture = usePicture(hasPicture ? streamUrl(ROOT, key, 'thumbnail.jpg').href : undefined)
  return (
    <PictureCard
      to={`/watch/${key}`} title={name} isStage
      picture={picture === undefined ? <Drop /> : <img src={picture} alt='' />}
      badges={<Badge kind={reconnecting ? 'warning' : 'live'}>{reconnecting ? 'Reconnecting' : 'Live'}</Badge>}
    >
      <p>{viewersText(viewers)} · <time dateTime={startedAt.toISOString()}>{sinceText(startedAt, new Date())}</time></p>
    </PictureCard>
  )
}

/** Where a card will be. */
export function CardSkeleton (): ReactElement {
  return (
    <div className='picture-card stream-card-skeleton' aria-hidden='true'>
      <div className='picture-card-frame' />
      <h2><span /></h2>
      <p><span /></p>
    </div>
  )
}
