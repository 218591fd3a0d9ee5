import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import { TAG } from './schemas.ts'

const healthSchema = {
  tags: [TAG],
  operationId: 'getRoomsHealth',
  summary: 'Whether the API answers',
  response: { 200: Type.Object({ status: Type.Literal('ok'), timestamp: Type.String({ format: 'date-time' }) }, { description: 'It does' }) }
}

/** `GET /api/health` */
export const health: FastifyPluginAsync = async scope => {
  scope.get('/api/health', { schema: healthSchema }, async () => ({ status: 'ok', timestamp: new Date().toISOString() }))
}
