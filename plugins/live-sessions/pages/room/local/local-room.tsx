import { ROOT } from '../../../../../src/ui/root.ts'
import type { Joined } from '../../api/live-session.ts'
import type { ConnectionOptions } from '../connection.ts'
import type { OpenRoom } from '../open-room.ts'
import { HostPicture } from './host-picture.tsx'
import { LocalConnection } from './local-connection.ts'
import { ViewerPicture } from './viewer-picture.tsx'

/** A room of this server: the host broadcasts, all others watch that; people and chat go over a socket. */
export function openRoomOf (options: ConnectionOptions): OpenRoom {
  /** The newest, whose tokens are good. */
  let joined = options.joined
  const renew = async (): Promise<Joined> => {
    joined = await options.renew()
    return joined
  }
  const connection = new LocalConnection({ ...options, renew }, openSocket)
  if (joined.role !== 'host') {
    return { connection, sendsByRole: false, Picture: props => <ViewerPicture {...props} connection={connection} joined={() => joined} renew={renew} />, finish: async () => {} }
  }
  const sending = { stop: async () => {} }
  return {
    connection,
    sendsByRole: false,
    Picture: props => <HostPicture {...props} connection={connection} joined={() => joined} renew={renew} sending={sending} />,
    finish: async () => await sending.stop()
  }
}

/** Of this server, below wherever this page is: a proxy may have taken a prefix away that the server does not know. */
function openSocket (): WebSocket {
  const url = new URL('ws/rooms', ROOT)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return new WebSocket(url)
}
