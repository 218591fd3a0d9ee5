import type { Socket } from 'socket.io'

/**
 * Asks whether the other end of a connection is still there, with a ping of the transport, which every
 * client answers by itself.
 */
export async function isAlive (socket: Pick<Socket, 'connected' | 'conn'>, timeoutMs: number): Promise<boolean> {
  if (!socket.connected) return false
  const { conn } = socket
  return await new Promise(resolve => {
    const timer = setTimeout(() => done(false), timeoutMs)
    const answered = () => done(true)
    const closed = () => done(false)
    function done (alive: boolean) {
      clearTimeout(timer)
      conn.off('packet', answered)
      conn.off('close', closed)
      resolve(alive)
    }
    conn.on('packet', answered)
    conn.on('close', closed)
    // Not in the public types of Engine.IO; its own heartbeat is this packet.
    ;(conn as unknown as { sendPacket: (type: 'ping') => void }).sendPacket('ping')
  })
}
