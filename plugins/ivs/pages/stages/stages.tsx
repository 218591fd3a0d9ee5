import { useEffect, useState, type ReactElement } from 'react'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { Stat, Stats } from '../../../../src/ui/stat.tsx'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import type { Operations, StageOperation } from '../../live-messages.ts'
import { ApiWords } from './api-words.tsx'
import { Decisions } from './decisions.tsx'
import { NewStage } from './new-stage.tsx'
import type { StageApi } from './stage-api.ts'
import { StageRow } from './stage-row.tsx'
import { knownText, ofText, publisherText } from './words.ts'

interface StagesProps {
  operations: Operations
  /** It was so once. */
  old: boolean
  now: Date
  api: StageApi
}

/** Who is live, the stages and what is done to them, and what the autoscaler decided. */
export function Stages ({ operations, old, now, api }: StagesProps): ReactElement {
  const { publisher, stages, totalViewers, maxStages, decisions, timestamp } = operations
  const [deleted, setDeleted] = useState<{ stage: StageOperation, said: string }>()
  const isGone = deleted !== undefined && !stages.some(({ stageArn }) => stageArn === deleted.stage.stageArn)

  // The button that had the focus is not there any more.
  useEffect(() => { if (isGone) document.getElementById('stages-list')!.focus() }, [isGone])

  return (
    <>
      <Panel aria-label='Now'>
        <div>
          <p className='stages-name'>
            {/* What was on air then may not be so now. */}
            {old ? <Badge kind='warning'>Old</Badge> : <OnAir {...publisher} />}
            <strong>{publisherText(operations)}</strong>
          </p>
          <p className='stages-words'>{knownText(operations, now)}</p>
        </div>
        <Stats>
          <Stat label='Viewers' value={totalViewers} />
          <Stat label='Free seats' value={stages.reduce((sum, { seats, viewerCount }) => sum + Math.max(0, seats - viewerCount), 0)} />
          <Stat label='Stages' value={ofText(stages.length, maxStages)} />
        </Stats>
      </Panel>
      <Panel aria-labelledby='stages-list'>
        <h2 id='stages-list' tabIndex={-1}>All stages</h2>
        {stages.length === 0
          ? <p className='stages-words'>There is no stage, not even a master.</p>
          : (
            <ul className='stages-list'>
              {stages.map(stage => <StageRow key={stage.stageArn} stage={stage} isLive={publisher.isLive} countedAt={timestamp} api={api} onDeleted={said => setDeleted({ stage, said })} />)}
            </ul>
            )}
        <VisuallyHidden role='status'>{isGone && <>{deleted.stage.name}: <ApiWords>{deleted.said}</ApiWords></>}</VisuallyHidden>
        <NewStage api={api} />
      </Panel>
      <Decisions decisions={decisions} now={now} />
    </>
  )
}

function OnAir ({ isLive, isUnknown }: Operations['publisher']): ReactElement {
  if (isUnknown === true) return <Badge kind='warning'>Not known</Badge>
  return isLive ? <Badge kind='live'>Live</Badge> : <Badge kind='quiet'>Off air</Badge>
}
