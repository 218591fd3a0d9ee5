import type { ReactElement } from 'react'
import type { BroadcastSnapshot } from '../../../client/broadcaster.ts'
import { Stat, Stats } from '../../../ui/stat.tsx'
import { bitrateText, formatText, sizeText } from './situation.ts'

/** How it goes, in figures. */
export function Figures ({ snapshot: { mimeType, stats } }: { snapshot: BroadcastSnapshot }): ReactElement {
  return (
    <Stats>
      <Stat label='Bitrate' value={bitrateText(stats.recordedBitrate)} />
      <Stat label='Lag' value={`${stats.lagSeconds.toFixed(1)} s`} />
      <Stat label='Queue' value={sizeText(stats.queuedBytes)} />
      <Stat label='Format' value={formatText(mimeType)} />
    </Stats>
  )
}
