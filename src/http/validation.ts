import { AjvCompiler } from '@fastify/ajv-compiler'
import type { FastifyInstance } from 'fastify'

export interface ValidationOptions {
  /** Tell of everything that is wrong, not only of the first. Default: false. */
  allErrors?: boolean
}

/** What schemas say for the document alone: `openapi.ts`. */
const FOR_THE_DOCUMENT = ['x-rest-of-path']

/** What comes as part of the URL is text, whatever it means. */
const AS_TEXT = ['querystring', 'params']

/** Validates with our own settings whatever the host's are, a compiler of its own among them: a child scope would inherit them. */
export function useOwnValidation (scope: FastifyInstance, { allErrors = false }: ValidationOptions = {}): void {
  const build = AjvCompiler()
  const compilers = new Map<boolean, ReturnType<typeof build>>()
  scope.setValidatorCompiler(definition => {
    const coerceTypes = AS_TEXT.includes(definition.httpPart ?? '')
    // Schemas that are referred to are there by the first use.
    const compile = compilers.get(coerceTypes) ?? build(scope.getSchemas() as Parameters<typeof build>[0], {
      customOptions: { coerceTypes, useDefaults: true, removeAdditional: false, allErrors, keywords: FOR_THE_DOCUMENT }
    })
    compilers.set(coerceTypes, compile)
    return compile(definition)
  })
}
