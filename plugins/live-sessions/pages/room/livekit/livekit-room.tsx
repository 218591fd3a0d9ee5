import { RoomContext } from '@livekit/components-react'
import type { ConnectionOptions } from '../connection.ts'
import type { OpenRoom } from '../open-room.ts'
import { LivekitConnection } from './livekit-connection.ts'
import { LivekitPicture } from './livekit-picture.tsx'

/** A room of a LiveKit server: who may, sends camera, sound and screen to all the others at once. */
export function openRoomOf (options: ConnectionOptions): OpenRoom {
  const connection = new LivekitConnection(options)
  return {
    connection,
    sendsByRole: true,
    Picture: props => <RoomContext.Provider value={connection.room}><LivekitPicture {...props} /></RoomContext.Provider>,
    finish: async () => {}
  }
}
