import { HeadwaterError, type FieldProblem } from '../../../src/errors/catalogue.ts'
import { REQUIRED } from '../../../src/http/field-problems.ts'
import { messageFields } from '../../../src/http/message-fields.ts'
import type { RoomClientMessage } from '../../../src/rooms/local-messages.ts'

type Fields = Record<string, unknown>

/** What each type has, and what is wrong with it. */
const PROBLEMS: Record<RoomClientMessage['type'], (fields: Fields) => FieldProblem[]> = {
  join: fields => textProblems(fields, 'token', 1),
  data: fields => [...textProblems(fields, 'topic', 0), ...textProblems(fields, 'payload', 0), ...listProblems(fields, 'to')],
  leave: () => []
}

/** What a client of a room's socket wants. @throws HeadwaterError `INVALID_REQUEST` */
export function readClientMessage (text: string): RoomClientMessage {
  const fields = messageFields(text)
  const { type } = fields
  const problems = typeof type === 'string' && Object.hasOwn(PROBLEMS, type)
    ? PROBLEMS[type as RoomClientMessage['type']](fields)
    : [{ field: 'type', message: `must be one of ${Object.keys(PROBLEMS).join(', ')}` }]
  if (problems.length > 0) throw new HeadwaterError('INVALID_REQUEST', { message: `The message makes no sense: ${problems.map(({ field, message }) => `${field} ${message}`).join('; ')}`, fields: problems })
  return fields as unknown as RoomClientMessage
}

function textProblems (fields: Fields, field: string, minLength: number): FieldProblem[] {
  const given = fields[field]
  if (given === undefined) return [{ field, message: REQUIRED }]
  if (typeof given !== 'string') return [{ field, message: 'must be string' }]
  return given.length < minLength ? [{ field, message: REQUIRED }] : []
}

function listProblems (fields: Fields, field: string): FieldProblem[] {
  const given = fields[field]
  return given === undefined || (Array.isArray(given) && given.every(item => typeof item === 'string')) ? [] : [{ field, message: 'must be a list of strings' }]
}
