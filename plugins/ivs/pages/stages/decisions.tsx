import { useEffect, useRef, useState, type ReactElement } from 'react'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Icon } from '../../../../src/ui/icon.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import type { Decision } from '../../live-messages.ts'
import { ACTIONS, clockText, decisionKey, decisionsSince, decisionText } from './words.ts'

/** What the autoscaler decided last, newest first. What is new is spoken, when there is time. */
export function Decisions ({ decisions, now }: { decisions: readonly Decision[], now: Date }): ReactElement {
  const before = useRef(decisions)
  const [said, setSaid] = useState('')

  useEffect(() => {
    const since = decisionsSince(before.current, decisions)
    before.current = decisions
    if (since.length > 0) setSaid([...since].reverse().map(decisionText).join(' '))
  }, [decisions])

  return (
    <Panel aria-labelledby='stages-decisions'>
      <h2 id='stages-decisions'>Autoscaler</h2>
      <VisuallyHidden role='status'>{said}</VisuallyHidden>
      {decisions.length === 0
        ? <p className='stages-words'>It has decided nothing yet.</p>
        : (
          <ol className='stages-list'>
            {decisions.map(decision => <DecisionRow key={decisionKey(decision)} decision={decision} now={now} />)}
          </ol>
          )}
    </Panel>
  )
}

function DecisionRow ({ decision: { at, action, stageName, reason, problem }, now }: { decision: Decision, now: Date }): ReactElement {
  return (
    <li className='stages-decision'>
      <time className='stages-words' dateTime={at}>{clockText(at, now)}</time>
      <div className='stages-what'>
        <p className='stages-name'>
          <Badge kind={problem === undefined && action !== 'hold' ? 'quiet' : 'warning'}>{ACTIONS[action]}</Badge>
          {stageName !== undefined && <strong>{stageName}</strong>}
        </p>
        <p>{reason}</p>
        {problem !== undefined && <p className='stages-problem'><Icon name='warning' size={16} />{problem}</p>}
      </div>
    </li>
  )
}
