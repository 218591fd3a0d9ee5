import type { ReactElement } from 'react'
import { Button, ButtonLink } from '../../../../src/ui/button.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import type { SessionDetails } from '../api/live-session.ts'
import type { Phase } from './attendance.ts'
import { outsideWords } from './outside-words.ts'

interface OutsideProps {
  phase: Exclude<Phase, 'in' | 'looking'>
  session: SessionDetails | undefined
  trouble: string | undefined
  onAgain: () => void
}

/** In place of the room: why one is not in, and what to do. */
export function Outside ({ phase, session, trouble, onAgain }: OutsideProps): ReactElement {
  const { kind, title, text, isWorthTrying } = outsideWords(phase, session?.status, trouble)
  const actions = (
    <>
      {isWorthTrying && <Button kind='quiet' onClick={onAgain}>{phase === 'elsewhere' ? 'Come in here' : 'Try again'}</Button>}
      {session?.status === 'ended' && <ButtonLink kind='quiet' to={`/live/recordings?session_id=${session.session_id}`}>Recordings of this session</ButtonLink>}
      <ButtonLink kind='quiet' to='/live'>See the sessions</ButtonLink>
    </>
  )
  return <Notice kind={kind} title={title} actions={actions}>{text}</Notice>
}
