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
 * @param paths that browsers may ask about beforehand; default: all of the scope
 */
export function openCors (scope: FastifyInstance, paths: readonly string[] = ['/*']): void {
  scope.addHook('onRequest', async (_request, reply) => { reply.headers(OPEN_CORS) })
  for (const path of paths) scope.options(path, { schema: { hide: true } }, async (_request, reply) => await reply.code(204).send())
}

/**
 * The closed policy: pages of the server's own origin, and those of the origins that are listed, which may use cookies.
 * Every answer depends on who asks, and says so to caches.
 */
export function listedCors (scope: FastifyInstance, origins: readonly string[]): void {
  scope.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'Origin')
    const { origin } = request.headers
    if (origin !== undefined && origins.includes(origin)) reply.headers({ 'access-control-allow-origin': origin, ...LISTED_CORS })
  })
  for (const path of ['/', '/*']) scope.options(path, { schema: { hide: true } }, async (_request, reply) => await reply.code(204).send())
}

const LISTED_CORS = {
  'access-control-allow-credentials': 'true',
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS',
  'access-control-allow-headers': 'Content-Type, Authorization, X-Invite-Token',
  'access-control-expose-headers': 'Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id',
  'access-control-max-age': '600'
}
