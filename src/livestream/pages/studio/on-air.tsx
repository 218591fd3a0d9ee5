import type { ReactElement } from 'react'
import type { BroadcastSnapshot } from '../../../client/broadcaster.ts'
import { Badge } from '../../../ui/badge.tsx'
import { Icon } from '../../../ui/icon.tsx'
import { viewersText } from '../viewers-text.ts'
import { timeText } from './situation.ts'

/** On the picture, while it goes out: that it does, since when, and who watches. */
export function OnAir ({ snapshot: { state, liveSince, viewers } }: { snapshot: BroadcastSnapshot }): ReactElement {
  return (
    <div className='studio-on-air'>
      {state === 'live' ? <Badge kind='live'>Live</Badge> : <Badge kind='warning'>Not connected</Badge>}
      <span className='studio-chip'>{timeText((Date.now() - liveSince!) / 1000)}</span>
      <span className='studio-chip'><Icon name='people' size={16} />{viewersText(viewers)}</span>
    </div>
  )
}
