import type { ReactElement } from 'react'
import { ButtonLink } from '../../../ui/button.tsx'
import { Drop } from '../../../ui/drop.tsx'
import { Empty } from '../../../ui/empty.tsx'
import { CopyField } from '../../../ui/copy.tsx'
import { ROOT } from '../../../ui/root.ts'
import { senderCommand } from './listed.ts'
import './nobody-live.css'

const CODE = `socket.emit('start-stream', { userId: 'me', streamKey: 'my-stream' })
recorder.ondataavailable = ({ data }) => socket.emit('stream-data', { streamKey: 'my-stream', chunk: data })`

/** Nothing to see, and what can be done about it: with a camera, and with code. */
export function NobodyLive (): ReactElement {
  return (
    <>
      <Empty>
        <Drop />
        <h2>Go live from this browser</h2>
        <p>Your camera or your screen is all it takes. Whoever goes live appears here by itself.</p>
        <ButtonLink to='/studio'>Go live</ButtonLink>
      </Empty>
      <section className='nobody-live-code'>
        <h2>Or from code</h2>
        <p>Two lines send from a page of your own, with a Socket.IO connection and a MediaRecorder:</p>
        <pre><code>{CODE}</code></pre>
        <CopyField label='A test picture, from a checkout of Headwater' text={senderCommand(ROOT)} />
      </section>
    </>
  )
}
