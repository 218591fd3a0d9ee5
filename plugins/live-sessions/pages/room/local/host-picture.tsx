import { useEffect, useRef, type ReactElement } from 'react'
import { isOver } from '../../../../../src/client/broadcast-state.ts'
import { Preview } from '../../../../../src/page-parts/source/preview.tsx'
import { SourceFields } from '../../../../../src/page-parts/source/source-fields.tsx'
import { useBroadcast } from '../../../../../src/page-parts/source/use-broadcast.ts'
import { useSource } from '../../../../../src/page-parts/source/use-source.ts'
import { Badge } from '../../../../../src/ui/badge.tsx'
import { Button } from '../../../../../src/ui/button.tsx'
import { Notice } from '../../../../../src/ui/notice.tsx'
import { Panel } from '../../../../../src/ui/panel.tsx'
import { StageWords } from '../../../../../src/ui/picture-stage.tsx'
import { ROOT } from '../../../../../src/ui/root.ts'
import { useWakeLock } from '../../../../../src/ui/use-wake-lock.ts'
import type { Joined } from '../../api/live-session.ts'
import type { RoomConnection } from '../connection.ts'
import type { PictureProps } from '../open-room.ts'
import { sendingWords } from './sending-words.ts'

interface HostPictureProps extends PictureProps {
  connection: RoomConnection
  joined: () => Joined
  renew: () => Promise<Joined>
  /** Given what ends the sending, for whoever ends the session. */
  sending: { stop: () => Promise<void> }
}

/** What the host shows. It is sent from the moment on at which the session starts. */
export function HostPicture ({ isLive, connection, joined, renew, sending }: HostPictureProps): ReactElement {
  const broadcast = useBroadcast()
  const source = useSource(opened => broadcast.replace(opened.stream))
  const wasLive = useRef(isLive)
  const { snapshot, isRunning, start, stop } = broadcast
  const stream = source.source?.stream
  useWakeLock(isRunning)

  useEffect(() => { sending.stop = stop }, [sending, stop])

  const send = () => {
    const { stream_key: streamKey } = joined()
    if (stream === undefined || streamKey === undefined) return
    start({ server: ROOT, streamKey, userId: connection.snapshot.you?.identity ?? '', credential: () => joined().access_token }, stream, () => connection.tell('picture'))
  }

  // Who starts the session is seen at once; who comes back to one is asked first.
  useEffect(() => {
    if (isLive && !wasLive.current && stream !== undefined) {
      wasLive.current = true
      send()
    }
    if (!isLive && isRunning) void stop()
  }, [isLive, stream])

  // It may have failed because what lets one publish is too old: the next try has it new. Where joining is refused too, the room itself says so.
  const hasFailed = snapshot?.state === 'failed'
  useEffect(() => { if (hasFailed) renew().catch(() => {}) }, [hasFailed])

  const isOnAir = isRunning && snapshot?.liveSince !== undefined
  const { title, text, isTrouble } = sendingWords({ isLive, hasSource: stream !== undefined, isOpening: source.isOpening, snapshot })
  return (
    <>
      <Preview source={source.source}>
        {stream === undefined && <StageWords>{source.isOpening ? 'Waiting for the camera …' : 'No picture'}</StageWords>}
        {isOnAir && <div className='room-on-air'>{snapshot.state === 'live' ? <Badge kind='live'>On air</Badge> : <Badge kind='warning'>Not connected</Badge>}</div>}
      </Preview>
      <div className='room-sending'>
        <p role='status' className={isTrouble ? 'room-sending-trouble' : ''}><strong>{title}</strong> {text}</p>
        {isLive && !isRunning && <Button disabled={stream === undefined} onClick={send}>{snapshot !== undefined && isOver(snapshot.state) ? 'Go on air again' : 'Go on air'}</Button>}
        {isLive && isRunning && <Button kind='quiet' disabled={snapshot?.state === 'ending'} onClick={() => { void stop() }}>Stop sending</Button>}
      </div>
      {source.error !== undefined && (
        <Notice
          kind={stream === undefined ? 'danger' : 'warning'} title='That cannot be shown' actions={
            <>
              <Button kind='quiet' onClick={() => source.again()}>Try again</Button>
              {source.choice.kind !== 'picture' && <Button kind='quiet' onClick={() => source.choose({ kind: 'picture' })}>Use the test picture</Button>}
            </>
          }
        >{source.error.message}
        </Notice>
      )}
      {broadcast.trouble !== undefined && <Notice kind='warning' title='Something went wrong'>{broadcast.trouble.message}</Notice>}
      <Panel aria-label='What you send'><SourceFields {...source} /></Panel>
    </>
  )
}
