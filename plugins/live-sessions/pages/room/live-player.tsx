import type { ReactElement } from 'react'
import type { OpenRoom } from './open-room.ts'
import { Stage } from './stage.tsx'

/** What is seen and heard of the session, whoever runs its room; before one is in, where that will be. */
export function LivePlayer ({ room, isLive }: { room: OpenRoom | undefined, isLive: boolean }): ReactElement {
  if (room === undefined) return <Stage waiting={{ title: 'Coming in …', text: '' }}>{null}</Stage>
  return <room.Picture isLive={isLive} />
}
