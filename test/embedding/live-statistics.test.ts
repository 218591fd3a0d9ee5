import type { AddressInfo } from 'node:net'
import fastifyWebsocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { liveStatistics } from '../../plugins/ivs/routes/live-statistics.ts'
import { openLive } from '../fixtures/live-client.ts'
import { SCRIPTED_API, ScriptedStages } from '../fixtures/scripted-stages.ts'
import { Told } from '../fixtures/told.ts'
import { embed, embeddedAt, knowTwoAddresses, listen, newFolder } from './host.ts'
import { tryBroadcast } from './live.ts'
import { firstMessage } from './upgrade.ts'

const PREFIXES = ['', '/one', '/one/two']

async function registerAll (app: FastifyInstance): Promise<void> {
  for (const [index, prefix] of PREFIXES.entries()) {
    const ivs = new ScriptedStages({ statisticsSeconds: 3_600, maxSocketBytes: 1_024 })
    ivs.now.totalViewers = index
    await app.register(liveStatistics, { prefix, ivs, log: new Told(), ...SCRIPTED_API })
  }
}

const ownRoute = async (app: FastifyInstance) => {
  app.get('/own/ws', { websocket: true }, socket => { socket.send('from the host') })
}

/** Each answers at its own prefix, with its own figures. */
async function tryAll (t: Test, url: string): Promise<void> {
  for (const [index, prefix] of PREFIXES.entries()) {
    const client = await openLive(t, url, `${prefix}/ws?a=1`)
    client.say({ action: 'subscribe', channel: 'stats' })
    t.match(await client.next(), { type: 'stats_update', data: { totalViewers: index } }, `${prefix}/ws`)
    client.say('x'.repeat(1_025))
    t.equal((await client.closed).code, 1009, `${prefix}/ws has its limit`)
  }
}

interface Host {
  before?: (app: FastifyInstance) => Promise<unknown>
  after?: (app: FastifyInstance) => Promise<unknown>
  /** What the host's own WebSocket says. */
  own: string | number
  /** What clients are told at the end. */
  goodbye: number
  /** Without one of ours, @fastify/websocket leaves connections open that no route of its scope answers. */
  leavesUnmatched?: boolean
}

const HOSTS: Record<string, Host> = {
  'without @fastify/websocket': { own: 404, goodbye: 1001 },
  'with its own, before': {
    before: async app => {
      await app.register(fastifyWebsocket)
      await app.register(ownRoute)
    },
    own: 'from the host',
    // It says goodbye first, and gives no reason.
    goodbye: 1005
  },
  'with its own, after': {
    after: async app => {
      await app.register(fastifyWebsocket)
      await app.register(ownRoute)
    },
    own: 'from the host',
    goodbye: 1001
  },
  'with its own, in a scope beside': {
    before: async app => await app.register(async scope => {
      await scope.register(fastifyWebsocket)
      await scope.register(ownRoute)
    }),
    own: 'from the host',
    goodbye: 1001,
    leavesUnmatched: true
  }
}

for (const [kind, { before, after, own, goodbye, leavesUnmatched }] of Object.entries(HOSTS)) {
  t.test(`a host ${kind}`, async t => {
    const app = Fastify({ forceCloseConnections: true })
    await before?.(app)
    await registerAll(app)
    const streamsDir = await newFolder(t)
    await embed(app, 'livestream', streamsDir, { prefix: '/one' })
    await after?.(app)
    const emit = Object.getPrototypeOf(app.server).emit
    const url = await listen(t, app)
    await tryAll(t, url)
    t.equal(await firstMessage(url, '/own/ws'), own)
    if (leavesUnmatched !== true) t.equal(await firstMessage(url, '/two/ws'), 404)
    for (const transport of ['websocket', 'polling'] as const) await tryBroadcast(t, embeddedAt(t, url, { what: 'livestream', streamsDir, prefix: '/one' }), transport)
    await tryAll(t, url)
    const clients = await Promise.all(PREFIXES.map(async prefix => await openLive(t, url, `${prefix}/ws`)))
    await app.close()
    for (const { closed } of clients) t.equal((await closed).code, goodbye)
    t.equal(app.server.emit, emit, 'the server is as it was')
    t.strictSame(app.server.listeners('upgrade'), [])
  })
}

t.test('on localhost, with two addresses', async t => {
  knowTwoAddresses(t)
  const app = Fastify({ forceCloseConnections: true })
  await registerAll(app)
  await listen(t, app, 'localhost')
  const addresses = app.addresses() as AddressInfo[]
  t.equal(addresses.length, 2)
  for (const { address, port } of addresses) await tryAll(t, `http://${address.includes(':') ? `[${address}]` : address}:${port}`)
  await app.close()
})

t.test('what cannot be is said at boot', async t => {
  const ivs = () => ({ ivs: new ScriptedStages(), log: new Told(), ...SCRIPTED_API })
  const boot = async (...prefixes: string[]) => {
    const app = Fastify()
    try {
      for (const prefix of prefixes) await app.register(liveStatistics, { prefix, ...ivs() })
      await app.ready()
    } finally {
      await app.close()
    }
  }
  await t.rejects(boot('/:tenant'), { code: 'CONFIG_INVALID', message: /\/:tenant\/ws has a parameter/ })
  await t.rejects(boot('/a', '/a'), { code: 'CONFIG_INVALID', message: /Another Headwater .* \/a\/ws/ })
})
