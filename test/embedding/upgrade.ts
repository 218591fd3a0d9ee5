import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'

const WEBSOCKET = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }

/** Opens a WebSocket and waits for one short text. @returns the text, or the status of an answer that is none of a WebSocket */
export async function firstMessage (url: string, path: string): Promise<string | number> {
  const asking = request(new URL(path, url), { agent: false, headers: WEBSOCKET })
  asking.end()
  return await new Promise((resolve, reject) => {
    asking.on('error', reject)
    asking.on('response', answer => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asking.on('upgrade', (_answer: IncomingMessage, socket: Socket, head: Buffer) => {
      let read = head
      const look = () => {
        // An unmasked text frame of less than 126 bytes (RFC 6455, 5.2).
        if (read.length < 2 || read.length < 2 + read[1]!) return
        resolve(read.subarray(2, 2 + read[1]!).toString())
        socket.destroy()
      }
      socket.on('data', piece => {
        read = Buffer.concat([read, piece])
        look()
      })
      look()
    })
  })
}

/** Sends bytes as they are. @returns all that comes until the other side closes, or until `enough` is in it */
export async function exchange (url: string, text: string, enough: RegExp): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname.replace(/^\[(.*)\]$/, '$1'))
  let got = ''
  const closed = once(socket, 'close')
  const full = new Promise<void>(resolve => socket.on('data', piece => {
    got += piece.toString()
    if (enough.test(got)) resolve()
  }))
  socket.write(text)
  await Promise.race([closed, full])
  socket.destroy()
  return got
}
