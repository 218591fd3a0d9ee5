import type { FastifyInstance } from 'fastify'
import { HeadwaterError } from '../errors/catalogue.ts'

export interface BodyOptions {
  /** Largest body, in bytes; a route may have another limit. Default: the server's. */
  maxBytes?: number
}

/**
 * Reads JSON and text, whatever parsers the host has: a child scope would inherit them. Takes an empty body that calls
 * itself JSON as no body: some clients send the header with every request.
 */
export function useOwnBodies (scope: FastifyInstance, { maxBytes }: BodyOptions = {}): void {
  const asText: { parseAs: 'string', bodyLimit?: number } = { parseAs: 'string', ...(maxBytes === undefined ? {} : { bodyLimit: maxBytes }) }
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser<string>('text/plain', asText, (_request, body, done) => { done(null, body) })
  scope.addContentTypeParser<string>('application/json', asText, (_request, body, done) => {
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
