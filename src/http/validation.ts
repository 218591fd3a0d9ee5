import { AjvCompiler } from '@fastify/ajv-compiler'
import type { FastifyInstance } from 'fastify'

/** Validates with our own settings whatever the host's are, a compiler of its own among them: a child scope would inherit them. */
export function useOwnValidation (scope: FastifyInstance): void {
  const build = AjvCompiler()
  let compile: ReturnType<typeof build> | undefined
  scope.setValidatorCompiler(definition => {
    // Schemas that are referred to are there by the first use.
    compile ??= build(scope.getSchemas() as Parameters<typeof build>[0], {
      customOptions: { coerceTypes: false, useDefaults: true, removeAdditional: false, allErrors: false }
    })
    return compile(definition)
  })
}
