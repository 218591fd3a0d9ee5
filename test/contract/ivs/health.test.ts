import Fastify from 'fastify'
import t from 'tap'
import { makeErrorAnswer, makeErrorOf, useEnvelope } from '../../../plugins/ivs/envelope.ts'
import { health } from '../../../plugins/ivs/routes/health.ts'
import type { Ivs } from '../../../plugins/ivs/core.ts'
import { listen } from '../../embedding/host.ts'
import { http } from '../../fixtures/http.ts'
import { ERROR, expectError, expectSuccess } from './expect.ts'

t.test('IVS-08: 503 while the server closes or has no store, 200 with whatever state', async t => {
  const app = Fastify({ forceCloseConnections: true })
  const server = { isClosing: false }
  let trouble: string | undefined
  const state: { kind: 'redis' | 'memory', connection: 'connected' | 'disconnected' } = { kind: 'redis', connection: 'connected' }
  useEnvelope(app, { answerError: makeErrorAnswer(makeErrorOf({ isProduction: true, maxParticipants: 50, maxStages: 20 })), maxBodyBytes: 1_024 })
  const ivs = { provider: { region: 'eu-west-1' }, stages: { all: () => [] } } as unknown as Ivs
  await app.register(health, { ivs, database: { trouble: async () => trouble }, state, server, isProduction: true })
  const url = await listen(t, app)
  const redis = async () => expectSuccess(t, await http({ url }, '/health'), 'health').services
  t.strictSame(await redis(), { redis: 'connected', aws: { region: 'eu-west-1', stageConfigured: false } })
  state.connection = 'disconnected'
  t.match(await redis(), { redis: 'disconnected' })
  state.kind = 'memory'
  state.connection = 'connected'
  t.match(await redis(), { redis: 'disconnected' }, 'there is none')
  trouble = 'The database does not answer'
  expectError(t, await http({ url }, '/health'), ERROR.unavailable, 'no store')
  trouble = undefined
  server.isClosing = true
  expectError(t, await http({ url }, '/health'), ERROR.unavailable, 'it closes')
})
