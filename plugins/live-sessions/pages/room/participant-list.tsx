import { useState, type ReactElement } from 'react'
import { Avatar } from '../../../../src/page-parts/account/avatar.tsx'
import { Badge } from '../../../../src/ui/badge.tsx'
import { Button } from '../../../../src/ui/button.tsx'
import { ConfirmDialog } from '../../../../src/ui/dialog.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { Panel } from '../../../../src/ui/panel.tsx'
import { VisuallyHidden } from '../../../../src/ui/visually-hidden.tsx'
import { useLiveAction } from '../api/failure-text.ts'
import type { SessionApi } from '../api/live-api.ts'
import type { SessionRole } from '../api/live-session.ts'
import { ROLES } from '../sessions/words.ts'
import { mayLead, type Person, type RoomState } from './connection.ts'
import { inOrder } from './people.ts'

interface ParticipantListProps extends Pick<RoomState, 'you' | 'others'> {
  api: SessionApi
}

/** Who is there. Who leads gives roles, and removes people. */
export function ParticipantList ({ you, others, api }: ParticipantListProps): ReactElement {
  const people = inOrder(you === undefined ? others : [you, ...others])
  const leads = you !== undefined && mayLead(you.role)
  const [removing, setRemoving] = useState<Person>()
  const [isAsking, setAsking] = useState(false)
  const { trouble, run } = useLiveAction()
  const ask = (person: Person) => {
    setRemoving(person)
    setAsking(true)
  }
  const remove = () => {
    setAsking(false)
    run(async () => await api.kick(removing!.identity))
  }
  return (
    <Panel aria-labelledby='room-people'>
      <h2 id='room-people'>People <span className='room-count'>{people.length}</span></h2>
      {trouble !== undefined && <Notice kind='danger' title={trouble} />}
      <ul className='room-people' tabIndex={0} aria-labelledby='room-people'>
        {people.map(person => (
          <PersonRow
            key={person.identity} person={person} isYou={person === you}
            onRole={leads && person !== you && person.role !== 'host' ? role => run(async () => await api.setRole(person.identity, role)) : undefined}
            onRemove={() => ask(person)}
          />
        ))}
      </ul>
      <ConfirmDialog open={isAsking} title={`Remove ${removing?.name ?? ''}?`} confirm='Remove' onConfirm={remove} onCancel={() => setAsking(false)}>
        Whoever is removed is out at once, and cannot come back to this session.
      </ConfirmDialog>
    </Panel>
  )
}

interface PersonRowProps {
  person: Person
  isYou: boolean
  /** Undefined: this one stays as they are. */
  onRole: ((role: Exclude<SessionRole, 'host'>) => void) | undefined
  onRemove: () => void
}

const GIVEN = ['viewer', 'speaker', 'co_host'] as const

function PersonRow ({ person: { name, role }, isYou, onRole, onRemove }: PersonRowProps): ReactElement {
  return (
    <li className='room-person'>
      <Avatar name={name} picture={undefined} />
      <span className='room-person-name'>{name}{isYou && ' (you)'}</span>
      {onRole === undefined
        ? <Badge kind='quiet'>{ROLES[role]}</Badge>
        : (
          <span className='room-person-ways'>
            <select className='field-control room-role' aria-label={`Role of ${name}`} value={role} onChange={event => onRole(event.target.value as typeof GIVEN[number])}>
              {GIVEN.map(given => <option key={given} value={given}>{ROLES[given]}</option>)}
            </select>
            <Button kind='quiet' onClick={onRemove}>Remove<VisuallyHidden> {name}</VisuallyHidden></Button>
          </span>
          )}
    </li>
  )
}
