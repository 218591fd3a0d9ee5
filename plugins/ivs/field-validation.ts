import type { FastifyInstance, FastifySchemaValidationError } from 'fastify'
import { HeadwaterError, type FieldProblem } from '../../src/errors/catalogue.ts'
import { fieldProblems, REQUIRED } from '../../src/http/field-problems.ts'
import { useOwnValidation } from '../../src/http/validation.ts'

interface ObjectSchema {
  properties: Record<string, unknown>
  required?: readonly string[]
}

/**
 * What is wrong with the fields of a body or a query, one problem a field, in the order of the schema, which is that of
 * the contract's table. What must be there and is empty, or null, is missing.
 * @param errors what a validator found
 * @param part what the fields are of; it stands for the whole
 */
export function wrongFields ({ properties, required = [] }: ObjectSchema, given: unknown, errors: readonly FastifySchemaValidationError[], part: string): FieldProblem[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return [{ field: part, message: 'must be object' }]
  const found = fieldProblems(errors, part).map(({ field, message }) => ({ field: field.split('.')[0]!, message }))
  return Object.keys(properties).flatMap(field => {
    const value: unknown = Object.hasOwn(given, field) ? Reflect.get(given, field) : undefined
    if (required.includes(field) && (value === undefined || value === null || value === '')) return [{ field, message: REQUIRED }]
    return found.filter(problem => problem.field === field).slice(0, 1)
  })
}

/** The same for what is no part of a request by itself, in a scope of `useFieldValidation`. @param part what it is called @returns what is wrong with it */
export function fieldCheck (scope: FastifyInstance, schema: object, part: string): (given: unknown) => HeadwaterError | undefined {
  const validate = scope.validatorCompiler!({ schema, httpPart: part, method: 'POST', url: '' })
  return given => (validate(given) as { error?: HeadwaterError }).error
}

/** Errors name the fields that are missing and those that are wrong apart from each other. */
export function useFieldValidation (scope: FastifyInstance): void {
  useOwnValidation(scope, { allErrors: true })
  const compile = scope.validatorCompiler!
  scope.setValidatorCompiler(definition => {
    const validate = compile(definition)
    const { httpPart = 'body', schema } = definition
    return given => {
      if (validate(given) === true) return { value: given }
      const fields = wrongFields(schema as ObjectSchema, given, validate.errors ?? [], httpPart)
      return { error: new HeadwaterError('INVALID_REQUEST', { fields }) }
    }
  })
}
