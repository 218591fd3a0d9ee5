import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ConnectionError } from 'fastify'
import { OPEN_CORS } from './cors.ts'

const BY_CODE: Record<string, { status: number, message: string }> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The URL and the headers are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to come' }
}
const HEAD = Buffer.from('HEAD ')
const UNREADABLE = { status: 400, message: 'This is not HTTP that can be read' }

/** Answers what the HTTP parser gives up on, and closes the connection. No hook, no route and no error handler sees such a request. */
export function answerClientError (error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const { status, message } = BY_CODE[error.code] ?? UNREADABLE
  const body = JSON.stringify({ error: message, code: 'INVALID_REQUEST' })
  const headers = { ...OPEN_CORS, 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store', connection: 'close' }
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)]
  if (socket.writable) socket.write(`${lines.join('\r\n')}\r\n\r\n${isHead(error) ? '' : body}`)
  socket.destroy(error)
}

/** What was read last, when the parser gave up; a Buffer, whatever Fastify's types say. */
function isHead ({ rawPacket }: ConnectionError): boolean {
  return Buffer.isBuffer(rawPacket) && rawPacket.subarray(0, HEAD.length).equals(HEAD)
}
