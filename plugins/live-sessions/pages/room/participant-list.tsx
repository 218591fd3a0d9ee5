import { useRef, useState, type ReactElement } from 'react'
import { Avatar } from '../../../../src/page-parts/account/avatar.tsx'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Button } from '../../../../src/ui/button.tsx'
import { ConfirmDialog } from '../../../../src/ui/dialog.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { useFocusKept } from '../../../../src/ui/use-focus-kept.ts'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import { useLiveAction } from '../api/failure-text.ts'
import type { SessionApi } from '../api/live-api.ts'
import { ROLES } from '../sessions/words.ts'
import { mayLead, type Person, type RoomState } from './connection.ts'
import { inOrder } from './people.ts'

interface ParticipantListProps extends Pick<RoomState, 'you' | 'others'> {
  api: SessionApi
}

/** Somebody is about to be removed. */
interface Asked {
  name: string
  remove: () => void
}

/** Who is there. Who leads gives roles, and removes people. */
export function ParticipantList ({ you, others, api }: ParticipantListProps): ReactElement {
  const people = inOrder(you === undefined ? others : [you, ...others])
  const leads = you !== undefined && mayLead(you.role)
  const list = useRef<HTMLUListElement>(null)
  const [asked, setAsked] = useState<Asked>()
  const [isAsking, setAsking] = useState(false)
  useFocusKept(() => list.current)
  const ask = (asked: Asked) => {
    setAsked(asked)
    setAsking(true)
  }
  const confirm = () => {
    setAsking(false)
    asked!.remove()
  }
  return (
    <Panel aria-labelledby='room-people'>
      <h2 id='room-people'>People <span className='room-count'>{people.length}</span></h2>
      <ul ref={list} className='room-people' tabIndex={0} aria-labelledby='room-people'>
        {people.map(person => <PersonRow key={person.identity} person={person} isYou={person === you} isLed={leads && person !== you && person.role !== 'host'} api={api} onAsk={ask} />)}
      </ul>
      <ConfirmDialog open={isAsking} title={`Remove ${asked?.name ?? ''}?`} confirm='Remove' onConfirm={confirm} onCancel={() => setAsking(false)}>
        Whoever is removed is out at once, and cannot come back to this session.
      </ConfirmDialog>
    </Panel>
  )
}

interface PersonRowProps {
  person: Person
  isYou: boolean
  /** Can be given a role, and be removed. */
  isLed: boolean
  api: SessionApi
  onAsk: (asked: Asked) => void
}

const GIVEN = ['viewer', 'speaker', 'co_host'] as const

/** What is done to one does not wait for what is done to another. */
function PersonRow ({ person: { identity, name, role }, isYou, isLed, api, onAsk }: PersonRowProps): ReactElement {
  const { trouble, run } = useLiveAction()
  const give = (event: { target: { value: string } }) => run(async () => await api.setRole(identity, event.target.value as typeof GIVEN[number]))
  const remove = () => run(async () => await api.kick(identity))
  return (
    <li className='room-person'>
      <Avatar name={name} picture={undefined} />
      <span className='room-person-name'>{name}{isYou && ' (you)'}</span>
      {isLed
        ? (
          <span className='room-person-ways'>
            <select className='field-control room-role' aria-label={`Role of ${name}`} value={role} onChange={give}>
              {GIVEN.map(given => <option key={given} value={given}>{ROLES[given]}</option>)}
            </select>
            <Button kind='quiet' onClick={() => onAsk({ name, remove })}>Remove<VisuallyHidden> {name}</VisuallyHidden></Button>
          </span>
          )
        : <Badge kind='quiet'>{ROLES[role]}</Badge>}
      {trouble !== undefined && <Notice kind='danger' title={trouble} />}
    </li>
  )
}
