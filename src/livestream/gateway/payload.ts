import { HeadwaterError } from '../../errors/catalogue.ts'
import { isStreamKey } from '../../media/stream-key.ts'
import { invalidStreamKey } from '../routes/stream-key.ts'

const MAX_USER_ID = 256

export interface StartPayload { streamKey: string, userId: string, resumeToken: string | undefined }
/** Characters of what tells one sending from another. */
const MAX_SENDING_LENGTH = 64

export interface DataPayload { streamKey: string, chunk: Buffer, seq: number | undefined, sending: string | undefined }
export interface JoinPayload { streamKey: string, userId: string }
export interface EndPayload { streamKey: string, userId: string | undefined, resumeToken: string | undefined }

/** @throws HeadwaterError `INVALID_REQUEST` */
function fields (payload: unknown): Record<string, unknown> & { streamKey: string } {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || Buffer.isBuffer(payload)) {
    throw new HeadwaterError('INVALID_REQUEST', { message: 'The payload must be an object' })
  }
  const given = payload as Record<string, unknown>
  if (!isStreamKey(given['streamKey'])) throw invalidStreamKey()
  return { ...given, streamKey: given['streamKey'] }
}

function userIdIn (given: Record<string, unknown> & { streamKey: string }): string {
  const { userId, streamKey } = given
  if (typeof userId !== 'string' || userId.trim() === '' || userId.length > MAX_USER_ID) {
    throw new HeadwaterError('INVALID_REQUEST', { message: `userId must be a text of 1 to ${MAX_USER_ID} characters`, streamKey })
  }
  return userId
}

function tokenIn ({ resumeToken, streamKey }: Record<string, unknown> & { streamKey: string }): string | undefined {
  if (resumeToken === undefined || resumeToken === null) return undefined
  if (typeof resumeToken !== 'string') throw new HeadwaterError('INVALID_REQUEST', { message: 'resumeToken must be a text', streamKey })
  return resumeToken
}

export function readStart (payload: unknown): StartPayload {
  const given = fields(payload)
  return { streamKey: given.streamKey, userId: userIdIn(given), resumeToken: tokenIn(given) }
}

export function readJoin (payload: unknown): JoinPayload {
  const given = fields(payload)
  return { streamKey: given.streamKey, userId: userIdIn(given) }
}

export function readEnd (payload: unknown): EndPayload {
  const given = fields(payload)
  const resumeToken = tokenIn(given)
  return { streamKey: given.streamKey, userId: resumeToken === undefined ? userIdIn(given) : undefined, resumeToken }
}

export function readLeave (payload: unknown): { streamKey: string } {
  return fields(payload)
}

/** @throws HeadwaterError `INVALID_REQUEST`, or `MEDIA_ERROR` when the chunk is not binary */
export function readData (payload: unknown): DataPayload {
  const { streamKey, chunk, seq, sending } = fields(payload)
  if (!Buffer.isBuffer(chunk)) throw new HeadwaterError('MEDIA_ERROR', { message: 'A chunk must be binary: a Blob, an ArrayBuffer or a Buffer', streamKey })
  if (seq !== undefined && seq !== null && (!Number.isSafeInteger(seq) || (seq as number) < 0)) {
    throw new HeadwaterError('INVALID_REQUEST', { message: 'seq must be an integer from 0', streamKey })
  }
  if (sending !== undefined && sending !== null && (typeof sending !== 'string' || sending.length > MAX_SENDING_LENGTH)) {
    throw new HeadwaterError('INVALID_REQUEST', { message: `sending must be a string of at most ${MAX_SENDING_LENGTH} characters`, streamKey })
  }
  return { streamKey, chunk, seq: (seq ?? undefined) as number | undefined, sending: (sending ?? undefined) as string | undefined }
}
