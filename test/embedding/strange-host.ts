import Fastify, { type FastifyInstance } from 'fastify'

/** One that does everything in its own way. */
export function strangeHost (): FastifyInstance {
  const app = Fastify({ pluginTimeout: 120_000, forceCloseConnections: true, ajv: { customOptions: { coerceTypes: false, removeAdditional: 'all', useDefaults: false } } })
  app.setErrorHandler(async (error: Error, _request, reply) => await reply.code(418).send({ host: error.message }))
  app.setNotFoundHandler(async (_request, reply) => await reply.code(404).type('text/html').send('<h1>Lost</h1>'))
  app.setValidatorCompiler(() => value => ({ value: { host: value } }))
  app.setSerializerCompiler(() => value => JSON.stringify({ compiled: value }))
  app.setReplySerializer(value => JSON.stringify({ replied: value }))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(['application/json', 'multipart/form-data'], { parseAs: 'string' }, async () => ({ parsed: 'by the host' }))
  app.addHook('onRequest', async (_request, reply) => { reply.header('access-control-allow-origin', 'https://host.example').header('set-cookie', 'host=1') })
  app.get('/own', async () => ({ own: true }))
  return app
}
