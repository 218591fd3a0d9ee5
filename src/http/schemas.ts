import { AjvCompiler } from '@fastify/ajv-compiler'
import type { FastifyInstance } from 'fastify'

/**
 * Validates with our own settings whatever the host's are: a child scope would inherit them. Answers go out as they
 * are: their schemas describe them, and the tests hold both together, while Fastify's serializer would leave out
 * whatever a schema does not name.
 */
export function useOwnSchemas (scope: FastifyInstance): void {
  scope.setSerializerCompiler(() => answer => JSON.stringify(answer))
  const build = AjvCompiler()
  scope.setSchemaController({
    compilersFactory: {
      buildValidator: (externalSchemas: Parameters<typeof build>[0]) => build(externalSchemas, {
        customOptions: { coerceTypes: false, useDefaults: true, removeAdditional: false, allErrors: false }
      })
    }
  })
}
