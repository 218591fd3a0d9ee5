/** All of Headwater, pages too, below /live of a site that has its own; over HTTPS, behind a proxy that knows who asks. */
import Fastify, { type FastifyInstance } from 'fastify'
import { headwater } from 'headwater'

/** @param tls key and certificate, as PEM; without them the proxy has them */
export async function build ({ tls, streamsDir = 'streams' }: { tls?: { key: string, cert: string }, streamsDir?: string }) {
  const app: FastifyInstance = Fastify({
    https: tls ?? null,
    trustProxy: 'loopback',
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 }
  })

  app.get('/', async (_request, reply) => await reply.type('text/html').send('<h1>My site</h1><a href="/live/">Live</a>'))
  app.setNotFoundHandler(async (_request, reply) => await reply.code(404).type('text/html').send('<h1>Not here</h1>'))

  await app.register(headwater, { prefix: '/live', livestream: { streamsDir } })
  return app
}
