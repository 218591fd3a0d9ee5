import type { FastifyInstance } from 'fastify'

/** Anybody's page may ask. */
export const OPEN_CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, POST, HEAD, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization',
  'access-control-expose-headers': 'Content-Length, Content-Range, Date, Retry-After',
  'access-control-max-age': '86400'
}

/**
 * The open policy, on every answer of the scope, errors and unknown paths too. Written here because
 * @fastify/cors cannot be registered a second time below a host that has it.
 */
export function openCors (scope: FastifyInstance): void {
  scope.addHook('onRequest', async (_request, reply) => { reply.headers(OPEN_CORS) })
  scope.options('/*', { schema: { hide: true } }, async (_request, reply) => await reply.code(204).send())
}
