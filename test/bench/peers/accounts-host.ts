/** A host that embeds accounts, with one route of its own that is for those who are logged in. */
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify from 'fastify'
import { accounts, accountsCore } from '../../../plugins/accounts/index.ts'
import { database } from '../../../src/platform/database/index.ts'
import { objects } from '../../../src/platform/objects/index.ts'
import { state } from '../../../src/platform/state/index.ts'

const [, , folder = '.', databaseUrl = ''] = process.argv
const platform = { dataDir: join(folder, 'data'), databaseUrl }
const app = Fastify({ pluginTimeout: 60_000 })
await app.register(database, platform)
await app.register(state, platform)
await app.register(objects, platform)
await app.register(accountsCore, { environment: 'test', dataDir: platform.dataDir, rateLimitMultiplier: 1_000_000 })
await app.register(accounts)
const { identify, requireLogin } = app.accounts.guards
app.get('/checked', { onRequest: [identify, requireLogin] }, async (_request, reply) => await reply.code(204).send())
await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.on('disconnect', () => { void app.close().then(() => process.exit(0)) })
