import type { ComponentType } from 'react'
import type { Joined } from '../api/live-session.ts'
import type { ConnectionOptions, RoomConnection } from './connection.ts'

export interface PictureProps {
  /** Whether the session is live. */
  isLive: boolean
}

/** A room that one is in: what the page knows of it, whoever runs it. */
export interface OpenRoom {
  connection: RoomConnection
  /** Whether a role is enough to send picture and sound; otherwise the host alone does. */
  sendsByRole: boolean
  /** What is seen and heard, and what one sends oneself. */
  Picture: ComponentType<PictureProps>
  /** Sends what is still to be sent of one's own picture; before the session ends. */
  finish: () => Promise<void>
}

/** In a module of its own each: nobody loads what is not used. */
export async function openRoom (options: ConnectionOptions): Promise<OpenRoom> {
  const { openRoomOf } = isLocal(options.joined) ? await import('./local/local-room.tsx') : await import('./livekit/livekit-room.tsx')
  return openRoomOf(options)
}

/** Whether this server runs the room itself. */
function isLocal ({ socket_path: path }: Joined): boolean {
  return path !== undefined
}
