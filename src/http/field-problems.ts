import type { FastifySchemaValidationError } from 'fastify'
import type { FieldProblem } from '../errors/catalogue.ts'

/** Keywords that only say that something inside of them was wrong, which is told by itself. */
const TOLD_ELSEWHERE = ['anyOf', 'oneOf', 'if']

/** What is said of a field that is not there. */
export const REQUIRED = 'required'

const FORMATS: Record<string, string> = { email: 'must be an e-mail address' }

/**
 * What a validator found, by field: the last name of a path, with those before it and dots.
 * @param context what was validated; it stands for the whole
 */
export function fieldProblems (errors: readonly FastifySchemaValidationError[], context = 'body'): FieldProblem[] {
  const problems = errors.filter(({ keyword }) => !TOLD_ELSEWHERE.includes(keyword)).map(error => ({ field: fieldOf(error) || context, message: messageOf(error) }))
  // A field may be wrong in two ways that read the same.
  return problems.filter(({ field, message }, index) => problems.findIndex(other => other.field === field && other.message === message) === index)
}

function fieldOf ({ keyword, instancePath, params }: FastifySchemaValidationError): string {
  const path = instancePath.split('/').slice(1)
  if (keyword === 'required') path.push(String(params.missingProperty))
  return path.join('.')
}

function messageOf ({ keyword, params, message = 'is not valid' }: FastifySchemaValidationError): string {
  switch (keyword) {
    case 'required': return REQUIRED
    case 'minLength': return `must have at least ${String(params.limit)} characters`
    case 'maxLength': return `must have at most ${String(params.limit)} characters`
    case 'pattern': return 'has characters that are not allowed'
    case 'format': return FORMATS[String(params.format)] ?? message
    case 'enum': return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
    default: return message
  }
}
