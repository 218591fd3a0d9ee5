import { useEffect, useState, type MouseEvent, type ReactElement } from 'react'
import { isOver } from '../../../client/broadcast-state.ts'
import { STREAM_KEY } from '../../../media/stream-key.ts'
import { Preview } from '../../../page-parts/source/preview.tsx'
import { SourceFields } from '../../../page-parts/source/source-fields.tsx'
import { useBroadcast } from '../../../page-parts/source/use-broadcast.ts'
import { useSource } from '../../../page-parts/source/use-source.ts'
import { Button } from '../../../ui/button.tsx'
import { ConfirmDialog } from '../../../ui/dialog.tsx'
import { Field } from '../../../ui/field.tsx'
import { Masthead } from '../../../ui/masthead.tsx'
import { Notice } from '../../../ui/notice.tsx'
import { PageTitle } from '../../../ui/page-title.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { StageWords } from '../../../ui/picture-stage.tsx'
import { ROOT } from '../../../ui/root.ts'
import { useWakeLock } from '../../../ui/use-wake-lock.ts'
import { Figures } from './figures.tsx'
import { OnAir } from './on-air.tsx'
import { Over } from './over.tsx'
import { rememberedStream, rememberStream, userId } from './remembered.ts'
import { Share } from './share.tsx'
import { audienceText, beforeStart, gapText, refusalText, situationOf } from './situation.ts'
import { Status } from './status.tsx'
import { showForSupport } from './support-hook.ts'
import './studio.css'

const NAME_RULE = '1 to 128 letters, digits, dots, underscores and hyphens, with a letter or a digit first.'

/** Where a broadcast is made: what is shown, the way to go live and to end, and how it goes. */
export default function StudioPage (): ReactElement {
  const broadcast = useBroadcast()
  const source = useSource(opened => broadcast.replace(opened.stream))
  const [remembered, setRemembered] = useState(rememberedStream)
  const [streamKey, setStreamKey] = useState(remembered.streamKey)
  const [credential, setCredential] = useState('')
  const [isAsking, setAsking] = useState(false)
  const { snapshot, isRunning } = broadcast
  const isNameRight = STREAM_KEY.test(streamKey)
  const wasLive = snapshot?.liveSince !== undefined
  const isOnAir = isRunning && wasLive
  const isFinished = wasLive && isOver(snapshot.state)
  const refusal = wasLive || snapshot?.state !== 'failed' ? undefined : snapshot.error
  const situation = snapshot === undefined || (isOver(snapshot.state) && !wasLive) ? beforeStart(source.source !== undefined, source.isOpening) : situationOf(snapshot)
  useWakeLock(isRunning)
  useEffect(() => showForSupport(broadcast), [broadcast])

  const remember = (resumeToken?: string) => {
    const stream = { streamKey, resumeToken }
    setRemembered(stream)
    rememberStream(stream)
  }
  // Its token is of no use any more.
  useEffect(() => { if (isFinished) remember() }, [isFinished])

  const goLive = () => {
    if (source.source === undefined) return
    broadcast.start({
      server: ROOT,
      streamKey,
      userId: userId(),
      credential: credential || undefined,
      // After a reload the stream of this tab goes on; a token that does not fit any more is not shown twice.
      resumeToken: streamKey === remembered.streamKey && refusal === undefined ? remembered.resumeToken : undefined,
      format: new URLSearchParams(location.search).get('format') ?? undefined
    }, source.source.stream, remember)
  }

  /** Who leaves the page ends the stream, so who is live is asked first. */
  const askBeforeLeaving = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a[href]')
    if (!isRunning || link === null || link.getAttribute('target') === '_blank') return
    event.preventDefault()
    event.stopPropagation()
    setAsking(true)
  }

  return (
    <div onClickCapture={askBeforeLeaving}>
      <Masthead />
      <main className='studio'>
        <PageTitle className='studio-title' inTab={isOnAir ? `Live: ${streamKey}` : 'Go live'}>{wasLive ? streamKey : 'Go live'}</PageTitle>
        <div className='studio-picture'>
          <Preview source={source.source}>
            {source.source === undefined && <StageWords>{source.isOpening ? 'Waiting for the camera …' : 'No picture'}</StageWords>}
            {isOnAir && <OnAir snapshot={snapshot} />}
          </Preview>
          <div className='studio-bar'>
            <Status situation={situation} />
            {isOnAir && <Button kind='danger' disabled={snapshot.state === 'ending'} onClick={() => setAsking(true)}>End the stream</Button>}
            {isRunning && !wasLive && <Button kind='quiet' onClick={() => broadcast.stop()}>Cancel</Button>}
            {!isRunning && !isFinished && <Button disabled={source.source === undefined || !isNameRight} onClick={goLive}>Go live</Button>}
          </div>
          {refusal !== undefined && <Notice kind='danger' title='Not live'>{refusalText(refusal)}</Notice>}
          {isOnAir && <Figures snapshot={snapshot} />}
        </div>
        <div className='studio-side'>
          {source.error !== undefined && (
            <Notice
              kind={source.source === undefined ? 'danger' : 'warning'} title='That cannot be shown' actions={
                <>
                  <Button kind='quiet' onClick={() => source.again()}>Try again</Button>
                  {source.choice.kind !== 'picture' && <Button kind='quiet' onClick={() => source.choose({ kind: 'picture' })}>Use the test picture</Button>}
                </>
              }
            >{source.error.message}
            </Notice>
          )}
          {broadcast.trouble !== undefined && <Notice kind={isOnAir ? 'warning' : 'danger'} title={isOnAir ? 'You are still live' : 'Not live'}>{broadcast.trouble.message}</Notice>}
          {broadcast.gaps.length > 0 && <Notice kind='warning' title='Something is missing'>{gapText(broadcast.gaps.at(-1)!)}</Notice>}
          {isFinished
            ? <Over snapshot={snapshot} streamKey={streamKey} onAgain={() => broadcast.forget()} />
            : (
              <Panel aria-label='What is sent'>
                {!isRunning && (
                  <Field
                    label='Name of the stream' hint='It is part of the link that you share.' error={isNameRight ? undefined : NAME_RULE}
                    value={streamKey} maxLength={128} autoComplete='off' autoCapitalize='none' spellCheck={false}
                    onChange={event => setStreamKey(event.target.value.trim())}
                  />
                )}
                <SourceFields {...source} />
                {!isRunning && refusal?.code === 'UNAUTHORIZED' && (
                  <Field label='Publish key' type='password' autoComplete='off' value={credential} onChange={event => setCredential(event.target.value)} />
                )}
              </Panel>
              )}
        </div>
        {isNameRight && !isFinished && <Share streamKey={streamKey} playbackUrl={isOnAir ? snapshot.playbackUrl : undefined} />}
      </main>
      <ConfirmDialog
        open={isAsking && isRunning} title='End the stream?' confirm='End the stream' cancel='Stay live' onCancel={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false)
          broadcast.stop()
        }}
      >
        <p>{audienceText(snapshot?.viewers)} What was sent can still be watched for a while.</p>
      </ConfirmDialog>
    </div>
  )
}
