/** A site with a login of its own; who is logged in may publish, on a stream of their name. */
import Fastify from 'fastify'
import { SignJWT } from 'jose'
import { livestream } from 'headwater/livestream'

/** @param secret at least 32 characters @param streamsDir where the media is kept */
export async function build ({ secret, streamsDir = 'streams' }: { secret: string, streamsDir?: string }) {
  const app = Fastify({ routerOptions: { maxParamLength: 512 } })

  app.get('/', async (_request, reply) => await reply.type('text/html').send('<h1>My site</h1>'))

  // Stands for the login that you have.
  app.post<{ Body: { name: string, password: string } }>('/login', async (request, reply) => {
    const { name, password } = request.body
    if (password !== 'open sesame') return await reply.code(401).send({ message: 'Who are you?' })
    const token = await new SignJWT({ streamKey: name, userId: name })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('2h')
      .sign(new TextEncoder().encode(secret))
    // For the page: new Broadcaster({ streamKey: name, userId: name, credential: token })
    return { token }
  })

  await app.register(livestream, { prefix: '/media', streamsDir, publishAuth: 'jwt', publishJwtSecret: secret })
  return app
}
