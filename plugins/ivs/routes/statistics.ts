import type { FastifyPluginAsync } from 'fastify'
import { Type } from 'typebox'
import type { Ivs } from '../core.ts'
import { success } from '../envelope.ts'
import { errors, keyHeaders, mediaPath, phase, stageArn, succeeded, TAG, timestamp, viewerCount } from './schemas.ts'

export interface StatisticsOptions {
  ivs: Ivs
}

const CALCULATED_FROM = 'real-time sum'

const headers = Type.Object(keyHeaders)
const totalViewers = Type.Integer({ description: 'On all stages together.' })
const isPublisherLive = Type.Boolean({ description: 'Whether somebody publishes on the master stage.' })

const statsSchema = {
  tags: [TAG],
  operationId: 'getStatistics',
  summary: 'Who is live, and where viewers are',
  headers,
  response: {
    200: succeeded(Type.Object({
      totalViewers,
      activeStages: Type.Integer({ description: 'Stages that there are.' }),
      isPublisherLive,
      stages: Type.Array(Type.Object({
        stageArn,
        stageName: Type.String(),
        viewerCount,
        autoScaled: Type.Boolean({ description: 'Made by the autoscaler.' }),
        createdAt: timestamp,
        phase,
        mediaPath
      }), { description: 'The master first, then by age.' })
    }), 'The statistics'),
    ...errors([401])
  }
}

const viewersSchema = {
  tags: [TAG],
  operationId: 'getTotalViewers',
  summary: 'Viewers on all stages, counted now',
  headers,
  response: { 200: succeeded(Type.Object({ totalViewers, calculatedFrom: Type.Literal(CALCULATED_FROM) }), 'The sum'), ...errors([401]) }
}

const publisherSchema = {
  tags: [TAG],
  operationId: 'getPublisherState',
  summary: 'Whether somebody publishes',
  headers,
  response: { 200: succeeded(Type.Object({ isPublisherLive }), 'As far as is known'), ...errors([401]) }
}

/** `/api/stats`: figures of now. */
export const statistics: FastifyPluginAsync<StatisticsOptions> = async (scope, { ivs }) => {
  scope.get('/', { prefixTrailingSlash: 'no-slash', schema: statsSchema }, async () => {
    const { totalViewers, isPublisherLive, stages } = await ivs.figures()
    return success({
      totalViewers,
      activeStages: stages.length,
      isPublisherLive,
      stages: stages.map(({ arn, name, viewers, role, createdAt, phase, mediaPath }) => ({
        stageArn: arn,
        stageName: name,
        viewerCount: viewers,
        autoScaled: role === 'auto-scaled',
        createdAt: createdAt.toISOString(),
        phase,
        mediaPath
      }))
    })
  })

  scope.get('/viewers', { schema: viewersSchema }, async () => {
    const { totalViewers } = await ivs.figures()
    return success({ totalViewers, calculatedFrom: CALCULATED_FROM })
  })

  scope.get('/publisher', { schema: publisherSchema }, async () => success({ isPublisherLive: ivs.publisher.current().isLive }))
}
