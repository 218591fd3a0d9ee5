import { HeadwaterError, type FieldProblem } from '../../src/errors/catalogue.ts'
import { REQUIRED } from '../../src/http/field-problems.ts'
import { messageFields } from '../../src/http/message-fields.ts'
import { CHANNELS, type ClientMessage } from './live-messages.ts'

const ACTIONS: ReadonlyArray<ClientMessage['action']> = ['subscribe', 'unsubscribe']

/** What a client of `/ws` wants. @throws HeadwaterError `INVALID_REQUEST` */
export function readClientMessage (text: string): ClientMessage {
  const message = messageFields(text)
  const problems = [...problemsOf(message, 'action', ACTIONS), ...problemsOf(message, 'channel', CHANNELS)]
  if (!['string', 'undefined'].includes(typeof message['apiKey'])) problems.push({ field: 'apiKey', message: 'must be string' })
  if (problems.length > 0) throw new HeadwaterError('INVALID_REQUEST', { message: 'The message makes no sense', fields: problems })
  return message as unknown as ClientMessage
}

function problemsOf (message: Record<string, unknown>, field: string, values: readonly string[]): FieldProblem[] {
  const given = message[field]
  if (given === undefined || given === '') return [{ field, message: REQUIRED }]
  return values.some(value => value === given) ? [] : [{ field, message: `must be one of ${values.join(', ')}` }]
}
