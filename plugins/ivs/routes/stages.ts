import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Ivs } from '../core.ts'
import { success } from '../envelope.ts'
import { ofNewStages, STAGE_DELETED } from '../messages.ts'
import { errors, keyHeaders, mediaPath, phase, stageArn, stageParams, succeeded, TAG, tags, timestamp, viewerCount } from './schemas.ts'

export interface StagesOptions {
  ivs: Ivs
}

/** AWS's rules. A stage has 50 tags; some of them are ours. */
const NAME = '^[A-Za-z0-9_-]*$'
const MAX_NAME = 128
const TAG_NAME = '^(?!aws:)[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]{1,128}$'
const MAX_TAG_VALUE = 256
const MAX_TAGS = 40

const headers = Type.Object(keyHeaders)

const listSchema = {
  tags: [TAG],
  operationId: 'listStages',
  summary: 'All stages with their viewers',
  headers,
  querystring: Type.Object({ nextToken: Type.Optional(Type.String({ description: 'Ignored: there is one page.' })) }),
  response: {
    200: succeeded(Type.Object({
      stages: Type.Array(Type.Object({
        stageArn,
        name: Type.String(),
        viewerCount,
        autoScaled: Type.Boolean({ description: 'Made by the autoscaler.' }),
        createdAt: timestamp,
        tags,
        phase,
        mediaPath
      }), { description: 'The master first, then by age.' }),
      totalStages: Type.Integer(),
      nextToken: Type.Null()
    }), 'The stages'),
    ...errors([401])
  }
}

const masterSchema = {
  tags: [TAG],
  operationId: 'getMasterStage',
  summary: 'The stage that is published on',
  headers,
  response: {
    200: succeeded(Type.Object({
      stage: Type.Object({ arn: stageArn, name: Type.String(), activeSessionId: Type.Optional(Type.String({ description: 'Absent: nobody is connected.' })), tags }),
      viewerCount,
      isMasterStage: Type.Literal(true)
    }), 'The stage'),
    ...errors([401, 404], { 404: 'NOT_FOUND: there is no master stage' })
  }
}

const createSchema = {
  tags: [TAG],
  operationId: 'createStage',
  summary: 'Makes a stage',
  headers,
  body: Type.Object({
    name: Type.String({ minLength: 1, maxLength: MAX_NAME, pattern: NAME, description: 'Letters, digits, - and _. Several stages may have the same.' }),
    tags: Type.Optional(Type.Record(Type.String({ pattern: TAG_NAME }), Type.String({ maxLength: MAX_TAG_VALUE }), { maxProperties: MAX_TAGS, additionalProperties: false, description: 'Environment and ManagedBy are set by the server.' }))
  }),
  response: {
    201: succeeded(Type.Object({ stage: Type.Object({ arn: stageArn, name: Type.String(), tags }) }), 'It is there'),
    ...errors([401], { 503: 'STAGE_LIMIT_REACHED: there are as many as there may be; or SERVICE_UNAVAILABLE' })
  }
}

const deleteSchema = {
  tags: [TAG],
  operationId: 'deleteStage',
  summary: 'Deletes a stage on which nobody is',
  headers,
  params: stageParams,
  response: {
    200: succeeded(Type.Object({ stageArn, deleted: Type.Literal(true) }), 'It is gone', STAGE_DELETED),
    ...errors([401, 403, 404], { 400: 'VALIDATION_ERROR: there are viewers on it', 403: 'FORBIDDEN: it is the master stage' })
  }
}

/** `/api/stage`: the stages, and those that somebody makes through the API. */
export const stages: FastifyPluginAsyncTypebox<StagesOptions> = async (scope, { ivs }) => {
  scope.get('/list', { schema: listSchema }, async () => {
    const { stages } = await ivs.figures()
    return success({
      stages: stages.map(({ arn, name, viewers, role, createdAt, tags, phase, mediaPath }) => ({
        stageArn: arn,
        name,
        viewerCount: viewers,
        autoScaled: role === 'auto-scaled',
        createdAt: createdAt.toISOString(),
        tags,
        phase,
        mediaPath
      })),
      totalStages: stages.length,
      nextToken: null
    })
  })

  scope.get('/master/info', { schema: masterSchema }, async () => {
    const master = await ivs.catalogue.master()
    if (master === undefined) throw new HeadwaterError('NOT_FOUND', { message: 'There is no master stage' })
    const { arn, name, activeSessionId, tags } = master
    return success({
      stage: { arn, name, ...(activeSessionId === undefined ? {} : { activeSessionId }), tags },
      viewerCount: (await ivs.viewers.counts()).get(arn) ?? 0,
      isMasterStage: true
    })
  })

  scope.post('/', { prefixTrailingSlash: 'no-slash', config: { ivsErrorTexts: ofNewStages(ivs.config) }, schema: createSchema }, async ({ body }, reply) => {
    const { arn, name, tags } = await ivs.catalogue.create(body.name, body.tags ?? {})
    return await reply.code(201).send(success({ stage: { arn, name, tags } }))
  })

  scope.delete('/*', { schema: deleteSchema }, async ({ params: { '*': stageArn } }) => {
    await ivs.catalogue.delete(stageArn)
    return success({ stageArn, deleted: true }, STAGE_DELETED)
  })
}
