/** Fastify alone, with a key, schemas and answers as those of stages, and nothing behind them. */
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'

interface Body {
  userId: string
  stageArn?: string
}

const text = { type: 'string', minLength: 1, maxLength: 128 }
const heartbeat = { type: 'object', properties: { userId: text, stageArn: text }, required: ['userId', 'stageArn'] }
const updated = { type: 'object', properties: { userId: { type: 'string' }, stageArn: { type: 'string' }, heartbeatUpdated: { type: 'boolean' } } }
const answerOf = (data: object) => ({ 200: { type: 'object', properties: { success: { type: 'boolean' }, data, timestamp: { type: 'string' }, message: { type: 'string' } } } })
const HEARTBEAT = { body: heartbeat, response: answerOf(updated) }
const result = { type: 'object', properties: { success: { type: 'boolean' }, data: updated } }
const HEARTBEATS = {
  body: { type: 'object', properties: { heartbeats: { type: 'array', items: heartbeat } }, required: ['heartbeats'] },
  response: answerOf({ type: 'object', properties: { updated: { type: 'integer' }, results: { type: 'array', items: result } } })
}
const STAGE = 'arn:aws:ivs:ap-northeast-1:000000000000:stage/aBcDeFgHiJkL'

const app = Fastify()
app.addHook('onRequest', async ({ headers }) => { if (headers['x-api-key'] === undefined) throw new Error('no key') })
app.post<{ Body: Body }>('/api/token/viewer', async () => ({ data: { stageArn: STAGE } }))
app.post<{ Body: Body }>('/api/viewer/heartbeat', { schema: HEARTBEAT }, async ({ body: { userId, stageArn } }) =>
  ({ success: true, data: { userId, stageArn, heartbeatUpdated: true }, timestamp: new Date().toISOString(), message: '心跳更新成功' }))
app.post<{ Body: { heartbeats: Body[] } }>('/api/viewer/heartbeats', { schema: HEARTBEATS }, async ({ body: { heartbeats } }) => ({
  success: true,
  data: { updated: heartbeats.length, results: heartbeats.map(({ userId, stageArn }) => ({ success: true, data: { userId, stageArn, heartbeatUpdated: true } })) },
  timestamp: new Date().toISOString()
}))
await app.listen({ host: '127.0.0.1', port: 0 })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit(0))
