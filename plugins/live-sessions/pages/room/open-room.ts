import type { ComponentType } from 'react'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
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

/** @throws ApiFailure where its module cannot be loaded, as when the server does not answer */
export async function openRoom (options: ConnectionOptions): Promise<OpenRoom> {
  const { openRoomOf } = await moduleFor(options.joined).catch(() => { throw new ApiFailure({ status: 0 }) })
  return openRoomOf(options)
}

/** A module of its own for each: nobody loads what is not used. */
async function moduleFor ({ socket_path: path }: Joined): Promise<{ openRoomOf: (options: ConnectionOptions) => OpenRoom }> {
  // Only where this server runs the rooms itself, they have a socket of it.
  return path !== undefined ? await import('./local/local-room.tsx') : await import('./livekit/livekit-room.tsx')
}
