import type { FastifyRequest } from 'fastify'
import { HeadwaterError } from '../../errors/catalogue.ts'
import { isStreamKey } from '../../media/stream-key.ts'

/**
 * The stream that a path names. Checked before any file is touched: the key becomes a folder's name.
 * @throws HeadwaterError `INVALID_REQUEST`
 */
export function streamKeyOf (request: FastifyRequest): string {
  const { streamId } = request.params as { streamId: string }
  if (!isStreamKey(streamId)) throw invalidStreamKey()
  return streamId
}

export function invalidStreamKey (): HeadwaterError {
  return new HeadwaterError('INVALID_REQUEST', {
    message: 'A stream key has 1 to 128 letters, digits, dots, underscores and hyphens, and begins with a letter or digit'
  })
}
