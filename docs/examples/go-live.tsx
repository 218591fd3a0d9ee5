import { Broadcaster, captureCamera } from 'headwater/client'
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react'

interface GoLiveProps {
  /** Where your Headwater is. */
  server: string
  streamKey: string
  userId: string
}

/** Preview, a button that goes live, and how it goes. */
export function GoLive ({ server, streamKey, userId }: GoLiveProps) {
  const preview = useRef<HTMLVideoElement>(null)
  const [camera, setCamera] = useState<MediaStream>()
  const [broadcaster, setBroadcaster] = useState<Broadcaster>()
  const [problem, setProblem] = useState('')
  const snapshot = useSyncExternalStore(
    useCallback(changed => broadcaster?.on('change', changed) ?? (() => {}), [broadcaster]),
    () => broadcaster?.snapshot
  )

  useEffect(() => {
    if (preview.current !== null) preview.current.srcObject = camera ?? null
    return () => camera?.getTracks().forEach(track => track.stop())
  }, [camera])
  // Who leaves the page ends the stream.
  useEffect(() => () => { void broadcaster?.stop() }, [broadcaster])

  const goLive = async () => {
    try {
      const opened = await captureCamera()
      setCamera(opened)
      const next = new Broadcaster({ server, streamKey, userId })
      setBroadcaster(next)
      await next.start(opened)
      setProblem('')
    } catch (error) {
      setProblem((error as Error).message)
    }
  }

  return (
    <>
      <video ref={preview} muted autoPlay playsInline />
      {snapshot?.state === 'live' || snapshot?.state === 'reconnecting'
        ? <button onClick={() => { void broadcaster?.stop() }}>End</button>
        : <button onClick={() => { void goLive() }}>Go live</button>}
      <p role='status'>{snapshot?.state} {snapshot?.viewers ?? 0} viewers</p>
      {problem !== '' && <p role='alert'>{problem}</p>}
    </>
  )
}
