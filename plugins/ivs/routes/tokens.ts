import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { goneSignal } from '../../../src/http/gone-signal.ts'
import type { Access } from '../access.ts'
import type { Ivs } from '../core.ts'
import { success } from '../envelope.ts'
import { OF_VIEWER_TOKENS } from '../messages.ts'
import { CAPABILITIES, type TokenRole } from '../provider.ts'
import { publishingInstructions } from '../publishing-instructions.ts'
import { errors, givenArn, givenId, keyHeaders, stageArn, succeeded, TAG, timestamp, userId } from './schemas.ts'

export interface TokensOptions {
  ivs: Ivs
  access: Access
}

const issued = {
  token: Type.String({ description: 'To join the stage with.' }),
  participantId: Type.String(),
  stageArn,
  expiresAt: timestamp
}
const capabilitiesOf = (role: TokenRole) => Type.Array(Type.Enum([...CAPABILITIES[role]]), { minItems: CAPABILITIES[role].length, maxItems: CAPABILITIES[role].length })
const echoed = Type.String({ description: 'As it was given.' })
const seconds = Type.Integer({ description: 'It is good for so many seconds.' })
const text = Type.String()
const tokenFailed = { 500: 'TOKEN_GENERATION_FAILED: whoever runs the stages made none; or INTERNAL_ERROR' }

const publisherSchema = {
  tags: [TAG],
  operationId: 'createPublisherToken',
  summary: 'A token to publish on the master stage',
  headers: Type.Object(keyHeaders),
  body: Type.Object({ userId }),
  response: {
    200: succeeded(Type.Object({
      ...issued,
      userId: echoed,
      capabilities: capabilitiesOf('publisher'),
      whipEndpoint: Type.String({ description: 'Where broadcasters publish to with WHIP.' }),
      expiresIn: seconds,
      instructions: Type.Object({
        obs: Type.Object({
          service: text,
          server: text,
          bearerToken: text,
          settings: Type.Object({ resolution: text, bitrate: text, keyframeInterval: text, cpuPreset: text, tune: text })
        }),
        web: Type.Object({ sdk: text, method: text })
      })
    }), 'The token'),
    ...errors([401], { 500: `${tokenFailed[500]}. Without a master stage too` })
  }
}

const viewerSchema = {
  tags: [TAG],
  operationId: 'createViewerToken',
  summary: 'A token to watch, and a seat',
  description: 'On the stage that is named, or else on that with the fewest viewers. Who asks again keeps the seat. Where a stage is being made for lack of seats, the answer waits for it.',
  headers: Type.Object(keyHeaders),
  body: Type.Object({ userId, stageArn: Type.Optional(givenArn) }),
  response: {
    200: succeeded(Type.Object({
      ...issued,
      userId: echoed,
      capabilities: capabilitiesOf('viewer'),
      expiresIn: seconds,
      currentViewers: Type.Integer({ description: 'Viewers of that stage, this one among them.' })
    }), 'The token'),
    ...errors([401, 404], { ...tokenFailed, 404: 'NOT_FOUND: there is no such stage, or no master stage', 503: 'STAGE_FULL: there is no seat; or SERVICE_UNAVAILABLE' })
  }
}

const mediaServerSchema = {
  tags: [TAG],
  operationId: 'createMediaServerToken',
  summary: 'A token for a media server of yours, to watch and publish',
  headers: Type.Object({ ...keyHeaders, 'x-internal-secret': Type.Optional(Type.String({ description: 'INTERNAL_SECRET.' })) }),
  body: Type.Object({ serverId: givenId('Name of the media server.'), stageArn: givenArn }),
  response: {
    200: succeeded(Type.Object({
      ...issued,
      capabilities: capabilitiesOf('mediaserver')
    }), 'The token'),
    ...errors([401, 403, 404], { ...tokenFailed, 403: 'FORBIDDEN: the internal secret is missing, wrong, or not set here' })
  }
}

/** `/api/token/`: tokens to publish and to watch. */
export const tokens: FastifyPluginAsyncTypebox<TokensOptions> = async (scope, { ivs, access }) => {
  const { config } = ivs

  scope.post('/publisher', { schema: publisherSchema }, async ({ body: { userId } }) => {
    const { token, participantId, stageArn, expiresAt } = await ivs.tokens.publisher(userId).catch(asTokenFailure)
    return success({
      token,
      participantId,
      userId,
      stageArn,
      capabilities: CAPABILITIES.publisher,
      expiresAt: expiresAt.toISOString(),
      whipEndpoint: config.whipEndpoint,
      expiresIn: config.publisherTokenSeconds,
      instructions: publishingInstructions(config.whipEndpoint)
    })
  })

  scope.post('/viewer', { config: { ivsErrorTexts: OF_VIEWER_TOKENS }, schema: viewerSchema }, async ({ body }, reply) => {
    const gone = goneSignal(reply)
    const { token, participantId, stageArn, expiresAt, viewers } = await ivs.tokens.viewer(body.userId, body.stageArn, gone).catch((error: unknown) => {
      // Nobody reads the answer, and nothing has failed.
      throw gone.aborted ? new HeadwaterError('STAGE_FULL', { message: 'Whoever asked has gone' }) : error
    })
    return success({
      token,
      participantId,
      userId: body.userId,
      stageArn,
      capabilities: CAPABILITIES.viewer,
      expiresAt: expiresAt.toISOString(),
      expiresIn: config.viewerTokenSeconds,
      currentViewers: viewers
    })
  })

  scope.post('/mediaserver', { onRequest: access.requireInternalSecret, schema: mediaServerSchema }, async ({ body }) => {
    const { token, participantId, stageArn, expiresAt } = await ivs.tokens.mediaServer(body.serverId, body.stageArn)
    return success({ token, participantId, stageArn, capabilities: CAPABILITIES.mediaserver, expiresAt: expiresAt.toISOString() })
  })
}

/** Who wants to publish named no stage: that there is none is no mistake of theirs. */
function asTokenFailure (error: unknown): never {
  if (error instanceof HeadwaterError && error.code === 'NOT_FOUND') throw new HeadwaterError('TOKEN_GENERATION_FAILED', { message: 'There is no master stage', cause: error })
  throw error
}
