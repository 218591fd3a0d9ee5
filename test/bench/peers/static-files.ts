/** The files of a folder through @fastify/static, as its documentation shows it. */
import type { AddressInfo } from 'node:net'
import serveStatic from '@fastify/static'
import Fastify from 'fastify'

const [, , folder = '.'] = process.argv
const app = Fastify()
await app.register(serveStatic, { root: folder })
await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit(0))
