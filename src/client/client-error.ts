import type { ErrorBody } from '../livestream/envelope.ts'

/** What can go wrong on this side; the server has codes of its own (`docs/livestream.md`). */
const MESSAGES = {
  INSECURE_PAGE: 'Browsers give camera and microphone only to pages that come over HTTPS, or from this machine (localhost). Open the page with https://.',
  UNSUPPORTED_BROWSER: 'This browser cannot record. Use a current Chrome, Edge, Firefox or Safari.',
  PERMISSION_DENIED: 'The browser was not allowed to use the camera or the microphone. Allow them for this page, in the address bar or in the settings of the browser and of the system, then try again.',
  NO_DEVICE: 'No camera or microphone was found. Connect one, then try again.',
  DEVICE_BUSY: 'The camera or the microphone cannot be used: another program may have it. Close that program, then try again.',
  DEVICE_LOST: 'The camera, the microphone or the shared screen is gone. Choose another one.',
  CAPTURE_CANCELLED: 'Nothing was chosen.',
  RECORDER_FAILED: 'The browser could not record any more.',
  FORMAT_UNSUPPORTED: 'This browser cannot record in that format.',
  NO_CONNECTION: 'There is no connection to the server.',
  BUFFER_FULL: 'The network is too slow for the recording: the memory that keeps it until it is safe is full. The recording goes on when there is room again.',
  TAKEN_OVER: 'Another page or device has taken this stream over.',
  CANCELLED: 'It was stopped before it began.'
} as const

export type ClientErrorCode = keyof typeof MESSAGES

export interface ClientErrorDetails {
  /** In place of the usual words. */
  message?: string | undefined
  /** When a new try makes sense, in milliseconds. */
  retryAfterMs?: number | undefined
  cause?: unknown
}

/** A failure, in words that say what to do. `code` is stable: one of ours, or one of the server's. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode | (string & {})
  readonly retryAfterMs: number | undefined

  constructor (code: ClientErrorCode | (string & {}), { message, retryAfterMs, cause }: ClientErrorDetails = {}) {
    super(message ?? MESSAGES[code as ClientErrorCode] ?? code, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryAfterMs = retryAfterMs
  }

  /** A complaint of the server. */
  static from ({ code, error, retryAfterMs }: ErrorBody): ClientError {
    return new ClientError(code, { message: error, retryAfterMs })
  }
}
