import type { HeadwaterError } from '../errors/catalogue.ts'

/** An error as this API writes it, over HTTP and in `stream-error` alike. */
export interface ErrorBody {
  error: string
  code: string
  streamKey?: string
  /** When a new try makes sense, in milliseconds. */
  retryAfterMs?: number
}

export function errorBody (error: HeadwaterError, streamKey = error.streamKey): ErrorBody {
  return {
    error: error.message,
    code: error.code,
    ...(streamKey === undefined ? {} : { streamKey }),
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs })
  }
}
