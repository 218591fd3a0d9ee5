import { AjvCompiler } from '@fastify/ajv-compiler'
import type { FastifyInstance } from 'fastify'

/** Validates with our own settings whatever the host's are: a child scope would inherit them. */
export function useOwnValidation (scope: FastifyInstance): void {
  const build = AjvCompiler()
  scope.setSchemaController({
    compilersFactory: {
      buildValidator: (externalSchemas: Parameters<typeof build>[0]) => build(externalSchemas, {
        customOptions: { coerceTypes: false, useDefaults: true, removeAdditional: false, allErrors: false }
      })
    }
  })
}
