import { useState, type ReactElement } from 'react'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { Button } from '../../../../src/ui/button.tsx'
import { ConfirmDialog } from '../../../../src/ui/dialog.tsx'
import { Notice } from '../../../../src/ui/notice.tsx'
import { useLiveAction } from '../api/failure-text.ts'
import type { SessionApi } from '../api/live-api.ts'
import type { SessionDetails } from '../api/live-session.ts'
import { Invitation } from './invitation.tsx'
import type { OpenRoom } from './open-room.ts'

interface ControlBarProps {
  session: SessionDetails
  /** Undefined while one is coming in. */
  room: OpenRoom | undefined
  api: SessionApi
  /** The session has changed. */
  onChanged: () => void
}

/** What the host does with the session: start, record, invite, end. */
export function ControlBar ({ session, room, api, onChanged }: ControlBarProps): ReactElement {
  const isLive = session.status === 'live'
  const [isAsking, setAsking] = useState(false)
  const [isInviting, setInviting] = useState(false)
  const [problem, setProblem] = useState<string>()
  const { isBusy, trouble, run } = useLiveAction()
  const changed = () => {
    room?.connection.tell('session')
    onChanged()
  }
  const start = () => run(async () => {
    setProblem((await api.start()).recording_problem)
    changed()
  })
  const end = () => {
    setAsking(false)
    run(async () => {
      await room?.finish()
      await api.end()
      changed()
    })
  }
  const record = () => run(async () => {
    setProblem(undefined)
    try {
      await (session.is_recording ? api.stopRecording() : api.startRecording())
    } catch (error) {
      // It is as it was to become, by another page or by itself.
      if (!(error instanceof ApiFailure) || error.code !== 'INVALID_STATE') throw error
    }
    changed()
  })
  return (
    <section className='room-controls' aria-label='Session' aria-busy={isBusy}>
      <div className='room-ways'>
        {isLive
          ? <Button kind='danger' aria-disabled={isBusy} onClick={() => setAsking(true)}>End the session</Button>
          : <Button disabled={room === undefined} aria-disabled={isBusy} onClick={start}>Start the session</Button>}
        {isLive && <Button kind='quiet' aria-disabled={isBusy} onClick={record}>{session.is_recording ? 'Stop recording' : 'Record'}</Button>}
        <Button kind='quiet' aria-expanded={isInviting} onClick={() => setInviting(!isInviting)}>Invite</Button>
      </div>
      {isLive && !session.is_recording && problem !== undefined && <Notice kind='warning' title='The session is not recorded'>{problem}</Notice>}
      {trouble !== undefined && <Notice kind='danger' title={trouble} />}
      {isInviting && <Invitation session={session} api={api} onChanged={onChanged} />}
      <ConfirmDialog open={isAsking} title='End the session?' confirm='End the session' cancel='Go on' onConfirm={end} onCancel={() => setAsking(false)}>
        It ends for all who are there, and cannot be started again.
      </ConfirmDialog>
    </section>
  )
}
