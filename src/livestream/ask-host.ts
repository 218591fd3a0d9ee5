import { HeadwaterError } from '../errors/catalogue.ts'
import { before } from './before.ts'

/** What is asked of whom. A feature is asked for its own streams. */
export type Question = 'authorizePublish' | 'authorizePlayback'

/** Who was not told yes may ask again after this. */
const RETRY_AFTER_MS = 2_000

export interface AskOptions {
  timeoutMs: number
  /** Fires when who asked has gone. */
  gone: AbortSignal
}

/**
 * Asks the host. Resolves when it says yes, in time; an answer that comes later is nobody's any more.
 * @throws HeadwaterError `UNAUTHORIZED` when it says no, its own HeadwaterError, `AUTHORIZATION_FAILED` otherwise
 */
export async function askHost<Request extends { streamKey: string }> (
  name: Question,
  hook: (request: Request & { signal: AbortSignal }) => boolean | Promise<boolean>,
  request: Request,
  { timeoutMs, gone }: AskOptions
): Promise<void> {
  const { streamKey } = request
  const over = new AbortController()
  const leave = () => over.abort(refusal('The client has gone', streamKey))
  const timer = setTimeout(() => over.abort(failure(name, streamKey, new Error(`no answer within ${timeoutMs} ms`))), timeoutMs)
  if (gone.aborted) leave()
  else gone.addEventListener('abort', leave)
  try {
    const answer = await before(over.signal, async () => await hook({ ...request, signal: over.signal }) as unknown)
    if (answer === false) throw refusal('The host does not allow it', streamKey)
    if (answer !== true) throw new TypeError('the answer was neither true nor false')
  } catch (error) {
    throw error instanceof HeadwaterError ? error : failure(name, streamKey, error)
  } finally {
    clearTimeout(timer)
    gone.removeEventListener('abort', leave)
  }
}

function refusal (message: string, streamKey: string): HeadwaterError {
  return new HeadwaterError('UNAUTHORIZED', { message, streamKey })
}

/** The edge logs the cause, as of every error that is the server's own. */
function failure (name: Question, streamKey: string, cause: unknown): HeadwaterError {
  return new HeadwaterError('AUTHORIZATION_FAILED', { streamKey, retryAfterMs: RETRY_AFTER_MS, cause: new Error(`${name} failed`, { cause }) })
}
