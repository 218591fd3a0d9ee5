import { inTurns } from '../../src/at-once.ts'
import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Member, Presence } from '../../src/platform/state/state.ts'
import type { Heartbeat, Viewer, Viewers } from './core.ts'
import { knownStage, standingStage } from './known-stage.ts'
import type { StageProvider } from './provider.ts'
import { holding, participantOf } from './seat-holder.ts'
import { placeOf, seatsOf, VIEWERS } from './seats.ts'
import type { Stage, StageDirectory } from './stage.ts'

/** Of many viewers who came back without a seat. */
const SEATS_AT_ONCE = 100

export interface ViewersOptions {
  config: Pick<IvsConfig, 'heartbeatTimeoutSeconds' | 'maxParticipants'>
  presence: Presence
  stages: StageDirectory
  provider: Pick<StageProvider, 'left'>
}

/** Viewers as members of the presence register. */
export class SeatedViewers implements Viewers {
  readonly #config: ViewersOptions['config']
  readonly #presence: Presence
  readonly #stages: StageDirectory
  readonly #provider: ViewersOptions['provider']

  constructor ({ config, presence, stages, provider }: ViewersOptions) {
    this.#config = config
    this.#presence = presence
    this.#stages = stages
    this.#provider = provider
  }

  async heartbeat (userId: string, stageArn: string): Promise<void> {
    const stage = await standingStage(this.#stages, stageArn)
    if (!await this.#presence.touch(placeOf(stage.arn), userId)) await this.#takeSeat(userId, stage)
  }

  async heartbeats (heartbeats: readonly Heartbeat[]): Promise<unknown[]> {
    const problems: unknown[] = heartbeats.map(() => undefined)
    const arns = [...new Set(heartbeats.map(({ stageArn }) => stageArn))]
    const found = await Promise.allSettled(arns.map(async arn => await standingStage(this.#stages, arn)))
    const byArn = new Map(arns.map((arn, index) => [arn, found[index]!]))
    const onStages = heartbeats.flatMap(({ userId, stageArn }, index) => {
      const stage = byArn.get(stageArn)!
      if (stage.status === 'fulfilled') return [{ index, userId, stage: stage.value }]
      problems[index] = stage.reason
      return []
    })
    const areThere = await this.#presence.touchAll(onStages.map(({ userId, stage }) => ({ place: placeOf(stage.arn), member: userId })))
    await inTurns(onStages.filter((_, at) => !areThere[at]), SEATS_AT_ONCE, async ({ index, userId, stage }) => {
      await this.#takeSeat(userId, stage).catch((error: unknown) => { problems[index] = error })
    })
    return problems
  }

  async leave (userId: string, stageArn: string): Promise<void> {
    const stage = await knownStage(this.#stages, stageArn)
    await this.#presence.leave(placeOf(stage.arn), userId)
    // Who publishes is on no seat.
    if (stage.role === 'master') await this.#provider.left(stage.arn, userId)
  }

  async on (stageArn: string): Promise<{ total: number, active: Viewer[] }> {
    const stage = await knownStage(this.#stages, stageArn)
    const members = await this.#presence.members(placeOf(stage.arn))
    const since = Date.now() - this.#config.heartbeatTimeoutSeconds * 1_000
    return { total: members.length, active: members.filter(({ lastSeenAt }) => lastSeenAt > since).map(viewerOf) }
  }

  /** Also on a stage that is gone. */
  async watchedSeconds (userId: string, stageArn: string): Promise<number> {
    const stay = await this.#presence.stay(placeOf(stageArn), userId)
    if (stay === undefined) throw new HeadwaterError('NOT_FOUND', { message: `${userId} was not seen on ${stageArn}` })
    return Math.floor(stay.totalMs / 1_000)
  }

  async counts (): Promise<Map<string, number>> {
    const arns = this.#stages.all().map(({ arn }) => arn)
    const counts = await this.#presence.counts(arns.map(placeOf))
    return new Map(arns.map((arn, index) => [arn, counts[index]!]))
  }

  /** @throws HeadwaterError `STAGE_FULL` */
  async #takeSeat (userId: string, stage: Stage): Promise<void> {
    const seat = await this.#presence.takeSeat(VIEWERS, userId, [{ place: placeOf(stage.arn), seats: seatsOf(stage, this.#config) }], holding(this.#config))
    if (seat === undefined) throw new HeadwaterError('STAGE_FULL', { message: `${stage.name} has no seat left` })
  }
}

function viewerOf (member: Member): Viewer {
  return { userId: member.member, participantId: participantOf(member), joinedAt: new Date(member.joinedAt), lastHeartbeat: new Date(member.lastSeenAt) }
}
