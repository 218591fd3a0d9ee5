import type { GatewaySocket } from './socket.ts'

/** Asks something for a connection. The signal fires when it has gone. */
export async function whileConnected<T> (socket: GatewaySocket, ask: (gone: AbortSignal) => Promise<T>): Promise<T> {
  const gone = new AbortController()
  const leave = () => gone.abort()
  socket.once('disconnect', leave)
  try {
    return await ask(gone.signal)
  } finally {
    socket.off('disconnect', leave)
  }
}
