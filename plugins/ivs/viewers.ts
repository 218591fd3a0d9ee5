import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Member, Presence } from '../../src/platform/state/state.ts'
import type { Viewer, Viewers } from './core.ts'
import { knownStage, standingStage } from './known-stage.ts'
import type { StageProvider } from './provider.ts'
import { holding, participantOf } from './seat-holder.ts'
import { placeOf, seatsOf, VIEWERS } from './seats.ts'
import type { StageDirectory } from './stage.ts'

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
    const place = placeOf(stage.arn)
    if (await this.#presence.touch(place, userId)) return
    const seat = await this.#presence.takeSeat(VIEWERS, userId, [{ place, seats: seatsOf(stage, this.#config) }], holding(this.#config))
    if (seat === undefined) throw new HeadwaterError('STAGE_FULL', { message: `${stage.name} has no seat left` })
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
}

function viewerOf (member: Member): Viewer {
  return { userId: member.member, participantId: participantOf(member), joinedAt: new Date(member.joinedAt), lastHeartbeat: new Date(member.lastSeenAt) }
}
