import { useState, type ReactElement } from 'react'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Button } from '../../../../src/ui/button.tsx'
import { ConfirmDialog } from '../../../../src/ui/dialog.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { useAction } from '../../../../src/ui/use-action.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import type { StageOperation } from '../../live-messages.ts'
import { FailureWords } from './api-words.tsx'
import { stageFailure, type StageApi } from './stage-api.ts'
import { ageText, mediaText, ofText, PHASES, ROLES } from './words.ts'

interface StageRowProps {
  stage: StageOperation
  isLive: boolean
  /** When the figures were counted, by the server's clock. */
  countedAt: string
  api: StageApi
  /** @param said by the API */
  onDeleted: (said: string) => void
}

/** A stage in the list; one that somebody made can be deleted here. */
export function StageRow ({ stage, isLive, countedAt, api, onDeleted }: StageRowProps): ReactElement {
  const { stageArn, name, role, phase, viewerCount, seats, createdAt, mediaPath } = stage
  const [isAsking, setAsking] = useState(false)
  const { isBusy, trouble, run } = useAction(stageFailure)
  const remove = () => {
    setAsking(false)
    run(async () => onDeleted(await api.delete(stageArn)))
  }
  return (
    <li className='stages-row' aria-busy={isBusy}>
      <div className='stages-what'>
        <p className='stages-name'>
          <strong>{name}</strong>
          <Badge kind={phase === 'ready' ? 'quiet' : 'warning'}>{PHASES[phase]}</Badge>
        </p>
        <p className='stages-words'>{ROLES[role]} · {ageText(createdAt, countedAt)} old</p>
      </div>
      <p className={isLive && mediaPath === 'none' ? 'stages-media stages-missing' : 'stages-media'}>{mediaText(stage, isLive)}</p>
      <div className='stages-seats'>
        <p>{ofText(viewerCount, seats)}<span className='stages-words'> seats taken</span></p>
        <div className='stages-fill' aria-hidden='true'><div style={{ width: `${Math.min(100, 100 * viewerCount / seats)}%` }} /></div>
      </div>
      <div className='stages-ways'>
        {role === 'custom' && <Button kind='quiet' onClick={() => setAsking(true)}>Delete<VisuallyHidden> {name}</VisuallyHidden></Button>}
      </div>
      {trouble !== undefined && <div className='stages-trouble'><Notice kind='danger' title={<FailureWords of={trouble} />} /></div>}
      <ConfirmDialog open={isAsking} title={`Delete ${name}?`} confirm='Delete' onConfirm={remove} onCancel={() => setAsking(false)}>
        Tokens for it are of no use any more. While somebody watches there, it stays.
      </ConfirmDialog>
    </li>
  )
}
