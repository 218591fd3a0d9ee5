import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { parseStageEvent } from '../aws/stage-event.ts'
import type { Ivs } from '../core.ts'
import { success } from '../envelope.ts'
import { errors, succeeded, TAG } from './schemas.ts'

export interface EventsOptions {
  ivs: Ivs
}

const eventsSchema = {
  tags: [TAG],
  operationId: 'receiveStageEvent',
  summary: 'An event of a stage, from EventBridge',
  description: 'For an API destination whose connection sends the header. Of "IVS Stage Update" it is looked at who publishes; anything else is taken and ignored.',
  headers: Type.Object({ 'x-webhook-secret': Type.Optional(Type.String({ description: 'IVS_WEBHOOK_SECRET.' })) }),
  body: Type.Object({}, { additionalProperties: true }),
  response: {
    200: succeeded(Type.Object({ taken: Type.Boolean({ description: 'Whether it was about a stage.' }) }), 'It has come'),
    ...errors([403], { 403: 'FORBIDDEN: the secret is missing, wrong, or not set here' })
  }
}

/** `POST /api/ivs/events`: what AWS tells by itself. It is a hint: the provider is asked. */
export const events: FastifyPluginAsyncTypebox<EventsOptions> = async (scope, { ivs: { publisher } }) => {
  scope.post('/events', { schema: eventsSchema }, async ({ body }) => {
    const hint = parseStageEvent(body)
    if (hint !== undefined) publisher.hint(hint)
    return success({ taken: hint !== undefined })
  })
}
