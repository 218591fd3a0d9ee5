import { useState, type ReactElement } from 'react'
import { Badge } from '../../../ui/badge.tsx'
import { ButtonLink } from '../../../ui/button.tsx'
import { Masthead } from '../../../ui/masthead.tsx'
import type { PageProps } from '../../../ui/page.ts'
import { PageTitle } from '../../../ui/page-title.tsx'
import { ROOT } from '../../../ui/root.ts'
import { VisuallyHidden } from '../../../ui/visually-hidden.tsx'
import { signedQuery, withQuery } from '../signed-query.ts'
import { BehindLive } from './behind-live.tsx'
import { Share } from './share.tsx'
import { situationOf } from './situation.ts'
import { Stage } from './stage.tsx'
import { useViewing } from './use-viewing.ts'
import { Viewers } from './viewers.tsx'
import './watch.css'

/** `?embed`: in a frame of another page, the picture alone. */
const isEmbedded = new URLSearchParams(location.search).has('embed')

/** One stream, from before its beginning to its recording. */
export default function WatchPage ({ params: { streamId } }: PageProps<'streamId'>): ReactElement {
  const [video, setVideo] = useState<HTMLVideoElement | null>(null)
  const query = signedQuery(location.search)
  const viewed = useViewing(streamId, query, video)
  const { viewing, audience: { stream, degraded, viewers }, player: { playback, behindLive, refusal } } = viewed
  const { live, words, veil } = situationOf({ stream, playback, degraded, refusal })
  // While the broadcaster is away there is nothing newer to go to.
  const behind = behindLive && stream === 'live'
  const stage = <Stage {...viewed} video={video} setVideo={setVideo} veil={veil} behind={behind} />
  if (isEmbedded) {
    return (
      <main className='watch-embedded'>
        <PageTitle className='visually-hidden' inTab={streamId}>{streamId}</PageTitle>
        {stage}
        <VisuallyHidden role='status'>{words}</VisuallyHidden>
      </main>
    )
  }
  return (
    <div className='watch'>
      <Masthead><ButtonLink to='/studio' kind='quiet'>Go live</ButtonLink></Masthead>
      <main>
        {/* First for who listens, and for the keyboard: the picture is the next thing from here. The eye has it below. */}
        <PageTitle inTab={streamId}>{streamId}</PageTitle>
        {stage}
        <div className='watch-share'><Share title={streamId} url={withQuery(new URL(`watch/${streamId}`, ROOT), query).href} /></div>
        <div className='watch-now'>
          <p className='watch-situation'>
            {live && <Badge kind={behind ? 'quiet' : 'live'}>Live</Badge>}
            <span role='status'>{words}</span>
            {live && stream === 'live' && viewing !== undefined && <BehindLive player={viewing.player} />}
          </p>
          {viewers !== undefined && <Viewers count={viewers} />}
        </div>
      </main>
    </div>
  )
}
