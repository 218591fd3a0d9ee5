import type { ParticipantSummary, StageSummary } from '@aws-sdk/client-ivs-realtime'
import type { AwsClient } from './client.ts'
import { unless } from './failure.ts'
import { allPages } from './pages.ts'
import { candidates, isPublishing, type IsWanted } from './participants.ts'

/** Most that a page of a list has. */
const PAGE = 100
const PAGE_OF_REPLICAS = 50

export type KnownStage = StageSummary & { arn: string }

/** What there is in the account, ours or not: whole lists, as AWS gives them. @throws AwsFailure */
export class Account {
  readonly #client: AwsClient

  constructor (client: AwsClient) {
    this.#client = client
  }

  /** All stages of the region. */
  async stages (): Promise<KnownStage[]> {
    const stages = await allPages(async next => {
      const { stages, nextToken } = await this.#client.send('ListStages', { maxResults: PAGE, ...next })
      return { items: stages, nextToken }
    })
    return stages.filter((stage): stage is KnownStage => stage.arn !== undefined)
  }

  /** Who is connected to a session of a stage. */
  async connected (stageArn: string, sessionId: string): Promise<ParticipantSummary[]> {
    return await this.#participants({ stageArn, sessionId, filterByState: 'CONNECTED' })
  }

  /**
   * The participant that publishes on a stage now, which joined last if there are several. That somebody has published is
   * not enough: it stays true for as long as the session.
   */
  async publishing (stageArn: string, sessionId: string, isWanted: IsWanted): Promise<string | undefined> {
    // Of thousands of viewers none comes along.
    const published = await this.#participants({ stageArn, sessionId, filterByPublished: true })
    for (const { participantId } of candidates(published, isWanted)) {
      if (participantId === undefined) continue
      const events = await allPages(async next => {
        const { events, nextToken } = await this.#client.send('ListParticipantEvents', { stageArn, sessionId, participantId, maxResults: PAGE, ...next })
        return { items: events, nextToken }
      })
      if (isPublishing(events)) return participantId
    }
    return undefined
  }

  /** Stages that a participant is copied to now. */
  async replicas (sourceStageArn: string, participantId: string): Promise<Set<string>> {
    const replicas = await allPages(async next => {
      const { replicas, nextToken } = await this.#client.send('ListParticipantReplicas', { sourceStageArn, participantId, maxResults: PAGE_OF_REPLICAS, ...next })
      return { items: replicas, nextToken }
    }).catch(unless('missing', []))
    return new Set(replicas.filter(({ replicationState }) => replicationState === 'ACTIVE').map(({ destinationStageArn }) => destinationStageArn ?? ''))
  }

  async #participants (query: { stageArn: string, sessionId: string, filterByPublished?: true, filterByState?: 'CONNECTED' }): Promise<ParticipantSummary[]> {
    return await allPages(async next => {
      const { participants, nextToken } = await this.#client.send('ListParticipants', { ...query, maxResults: PAGE, ...next })
      return { items: participants, nextToken }
    })
  }
}
