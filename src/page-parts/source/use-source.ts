import { useCallback, useEffect, useRef, useState } from 'react'
import { listDevices, type Devices } from '../../client/capture.ts'
import { ClientError } from '../../client/client-error.ts'
import { openSource, type Source, type SourceChoice } from './source.ts'

export interface SourceState {
  choice: SourceChoice
  /** What is shown at present; undefined while there is nothing. */
  source: Source | undefined
  error: ClientError | undefined
  isOpening: boolean
  devices: Devices
  /** Shows something else; where that fails, what was there stays. */
  choose: (change: Partial<SourceChoice>) => void
  /** Tries once more what was chosen last. */
  again: () => void
}

const NO_DEVICES: Devices = { cameras: [], microphones: [] }
const FIRST_CHOICE: SourceChoice = { kind: 'camera', camera: '', microphone: '', withMicrophone: true }

/**
 * The source that is shown: opens the camera at first, then whatever is chosen, and closes all with the page.
 * @param onSource told of each new one before the former is closed
 */
export function useSource (onSource: (source: Source) => void): SourceState {
  const [choice, setChoice] = useState(FIRST_CHOICE)
  const [source, setSource] = useState<Source>()
  const [error, setError] = useState<ClientError>()
  const [isOpening, setOpening] = useState(true)
  const [devices, setDevices] = useState(NO_DEVICES)
  const current = useRef<Source>()
  /** What was chosen last, and the last of it that could be shown. */
  const chosen = useRef(FIRST_CHOICE)
  const shown = useRef(FIRST_CHOICE)
  /** Only the last choice counts. */
  const turn = useRef(0)
  const latest = useRef(onSource)
  latest.current = onSource

  const open = useCallback(async (wanted: SourceChoice) => {
    const mine = ++turn.current
    chosen.current = wanted
    setChoice(wanted)
    setError(undefined)
    setOpening(true)
    try {
      const opened = await openInPlaceOf(current.current, wanted)
      if (mine !== turn.current) {
        opened.close()
        return
      }
      // Whoever has turned something off has not turned it on by choosing another device.
      if (current.current !== undefined) keepOff(current.current.stream, opened.stream)
      latest.current(opened)
      current.current?.close()
      current.current = opened
      shown.current = wanted
      setSource(opened)
      onEnd(opened.stream, () => {
        if (current.current !== opened) return
        opened.close()
        current.current = undefined
        setSource(undefined)
      })
    } catch (thrown) {
      if (mine !== turn.current) return
      if (!(thrown instanceof ClientError)) throw thrown
      if (current.current?.stream.active === true) {
        setChoice(shown.current)
      } else {
        current.current = undefined
        setSource(undefined)
      }
      setError(thrown)
    }
    setOpening(false)
    // Names of devices are told only to who may use one.
    setDevices(await listDevices().catch(() => NO_DEVICES))
  }, [])

  useEffect(() => {
    void open(FIRST_CHOICE)
    return () => {
      turn.current++
      current.current?.close()
      current.current = undefined
    }
  }, [open])

  useEffect(() => {
    // Not there on pages that came over plain HTTP.
    const { mediaDevices } = navigator as { mediaDevices?: MediaDevices }
    const changed = () => { listDevices().then(setDevices, () => {}) }
    mediaDevices?.addEventListener('devicechange', changed)
    return () => mediaDevices?.removeEventListener('devicechange', changed)
  }, [])

  return {
    choice,
    source,
    error,
    isOpening,
    devices,
    choose: change => { void open({ ...choice, ...change }) },
    again: () => { void open(chosen.current) }
  }
}

function keepOff (former: MediaStream, next: MediaStream): void {
  const isOff = (kind: string) => former.getTracks().some(track => track.kind === kind && !track.enabled)
  for (const track of next.getTracks()) track.enabled = !isOff(track.kind)
}

/** All that it had is gone: the browser's own button has stopped the screen, or the device was taken away. */
function onEnd (stream: MediaStream, act: () => void): void {
  for (const track of stream.getTracks()) track.addEventListener('ended', () => { if (!stream.active) act() })
}

/** Some phones have one camera open at a time: there the former one is closed first. */
async function openInPlaceOf (former: Source | undefined, wanted: SourceChoice): Promise<Source> {
  try {
    return await openSource(wanted)
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'DEVICE_BUSY' || former === undefined) throw error
    former.close()
    return await openSource(wanted)
  }
}
