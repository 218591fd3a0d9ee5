import type { FastifyInstance } from 'fastify'
import { HeadwaterError } from '../errors/catalogue.ts'

/** Takes an empty body that calls itself JSON as no body: some clients send the header with every request. */
export function acceptEmptyJson (scope: FastifyInstance): void {
  if (scope.hasContentTypeParser('application/json')) scope.removeContentTypeParser('application/json')
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
