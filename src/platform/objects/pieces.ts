import type { Readable } from 'node:stream'
import { HeadwaterError } from '../../errors/catalogue.ts'

/** Nobody else waits longer than it takes to hash that. */
const PIECE_BYTES = 1_048_576

/**
 * What is to be kept, piece by piece; a stream that is not read to its end is destroyed.
 * @throws HeadwaterError `PAYLOAD_TOO_LARGE` as soon as it is; the stream's own error
 */
export async function * piecesOf (body: Uint8Array | Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  const admit = (more: number) => {
    bytes += more
    if (bytes > maxBytes) throw new HeadwaterError('PAYLOAD_TOO_LARGE', { message: `An object has ${maxBytes} bytes at most (MAX_OBJECT_BYTES)` })
  }
  if (body instanceof Uint8Array) {
    admit(body.length)
    for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES)
    return
  }
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    const piece = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    admit(piece.length)
    yield piece
  }
}
