import type { FastifyInstance } from 'fastify'
import { HeadwaterError } from '../errors/catalogue.ts'

/**
 * Reads JSON and text, whatever parsers the host has: a child scope would inherit them. Takes an empty body that calls
 * itself JSON as no body: some clients send the header with every request.
 */
export function useOwnBodies (scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body.length === 0) {
      done(null, undefined)
      return
    }
    try {
      done(null, JSON.parse(body.toString()))
    } catch {
      done(new HeadwaterError('INVALID_REQUEST', { message: 'The body is not valid JSON' }))
    }
  })
}

/**
 * Writes answers as they are, whatever serializers the host has. Schemas of answers describe them, and the tests hold
 * both together: Fastify's own serializer would leave out whatever a schema does not name.
 */
export function useOwnAnswers (scope: FastifyInstance): void {
  scope.setReplySerializer(answer => JSON.stringify(answer))
  // Otherwise the schemas would be compiled, for nobody.
  scope.setSerializerCompiler(() => answer => JSON.stringify(answer))
}
