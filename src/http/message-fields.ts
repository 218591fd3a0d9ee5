import { HeadwaterError } from '../errors/catalogue.ts'

/** What stands in a message that came over a WebSocket: a JSON object. @throws HeadwaterError `INVALID_REQUEST` */
export function messageFields (text: string): Record<string, unknown> {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch (cause) {
    throw new HeadwaterError('INVALID_REQUEST', { message: 'The message is not JSON', cause })
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) throw new HeadwaterError('INVALID_REQUEST', { message: 'The message is no JSON object' })
  return message as Record<string, unknown>
}
