import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Presence, Seat, SeatOffer } from '../../src/platform/state/state.ts'
import type { StageToken, Tokens } from './core.ts'
import { masterOf, standingStage } from './known-stage.ts'
import type { StageProvider, TokenRole } from './provider.ts'
import type { Scaling } from './scaling/decision.ts'
import { holding } from './seat-holder.ts'
import { SeatQueue } from './seat-queue.ts'
import { offersFor, openStages, placeOf, seatsOf, VIEWERS } from './seats.ts'
import type { PublisherWatch, Stage, StageDirectory } from './stage.ts'

type TokenSettings = Pick<IvsConfig, 'publisherTokenSeconds' | 'viewerTokenSeconds' | 'mediaServerTokenSeconds' | 'strictLive' |
  'maxParticipants' | 'relay' | 'heartbeatTimeoutSeconds' | 'stageWaitMs' | 'maxWaitingViewers'>

export interface StageTokensOptions {
  config: TokenSettings
  presence: Presence
  stages: StageDirectory
  publisher: Pick<PublisherWatch, 'current' | 'onChange'>
  provider: Pick<StageProvider, 'issueToken' | 'maxReplicas'>
  scaling: Pick<Scaling, 'wanted'>
  log: Log
}

/** A viewer's token is for the seat that it has. */
export class StageTokens implements Tokens {
  readonly #config: TokenSettings
  readonly #presence: Presence
  readonly #stages: StageDirectory
  readonly #publisher: StageTokensOptions['publisher']
  readonly #provider: StageTokensOptions['provider']
  readonly #queue: SeatQueue
  readonly #ends: Array<() => void>

  constructor ({ config, presence, stages, publisher, provider, scaling, log }: StageTokensOptions) {
    this.#config = config
    this.#presence = presence
    this.#stages = stages
    this.#publisher = publisher
    this.#provider = provider
    this.#queue = new SeatQueue({
      waitMs: config.stageWaitMs,
      maxWaiting: config.maxWaitingViewers,
      take: async userId => await this.#takeSeat(userId),
      giveBack: async (userId, seat) => await this.#giveBack(userId, seat),
      scaling,
      log
    })
    this.#ends = [stages, publisher].map(source => source.onChange(() => this.#queue.changed()))
  }

  async publisher (userId: string): Promise<StageToken> {
    return await this.#issue(masterOf(this.#stages), 'publisher', userId, this.#config.publisherTokenSeconds)
  }

  async mediaServer (serverId: string, stageArn: string): Promise<StageToken> {
    return await this.#issue(await standingStage(this.#stages, stageArn), 'mediaserver', serverId, this.#config.mediaServerTokenSeconds)
  }

  async viewer (userId: string, stageArn?: string, signal?: AbortSignal): Promise<StageToken & { viewers: number }> {
    masterOf(this.#stages)
    if (this.#config.strictLive === 'true' && !this.#publisher.current().isLive) throw new HeadwaterError('NOT_FOUND', { message: 'Nobody publishes: there is nothing to watch (IVS_STRICT_LIVE)' })
    const seat = stageArn === undefined ? await this.#anySeat(userId, signal) : await this.#seatOn(userId, stageArn)
    try {
      signal?.throwIfAborted()
      const stage = this.#stageAt(seat.place)
      if (stage === undefined) throw new HeadwaterError('STAGE_FULL', { message: 'The stage was deleted just now: try again' })
      const token = await this.#issue(stage, 'viewer', userId, this.#config.viewerTokenSeconds)
      const taken = await this.#take(userId, [this.#offer(stage)], token.participantId)
      if (taken === undefined) throw stageFull(stage)
      return { ...token, viewers: taken.members }
    } catch (error) {
      await this.#giveBack(userId, seat)
      throw error
    }
  }

  async close (): Promise<void> {
    for (const end of this.#ends) end()
    await this.#queue.close()
  }

  /** Nobody is sent to a stage without media as long as there might be some elsewhere. */
  get #mayBeLive (): boolean {
    const { isLive, isUnknown } = this.#publisher.current()
    return isLive || isUnknown === true
  }

  async #anySeat (userId: string, signal: AbortSignal | undefined): Promise<Seat> {
    return await this.#takeSeat(userId) ?? await this.#keepSeat(userId) ?? await this.#queue.wait(userId, signal)
  }

  async #takeSeat (userId: string): Promise<Seat | undefined> {
    return await this.#take(userId, offersFor(this.#stages.all(), this.#mayBeLive, this.#config, this.#provider.maxReplicas))
  }

  /** On a stage that nobody is sent to any more. */
  async #keepSeat (userId: string): Promise<Seat | undefined> {
    const place = await this.#presence.seatOf(VIEWERS, userId)
    const stage = place === undefined ? undefined : this.#stageAt(place)
    return stage === undefined || stage.phase === 'deleting' ? undefined : await this.#take(userId, [this.#offer(stage)])
  }

  /** @throws HeadwaterError `NOT_FOUND`, `STAGE_FULL`: then a seat elsewhere is as it was */
  async #seatOn (userId: string, stageArn: string): Promise<Seat> {
    const stage = await standingStage(this.#stages, stageArn)
    const offer = this.#offer(stage)
    const mayTake = this.#isOpen(stage) || await this.#presence.seatOf(VIEWERS, userId) === offer.place
    const seat = mayTake ? await this.#take(userId, [offer]) : undefined
    if (seat === undefined) throw stageFull(stage)
    return seat
  }

  /** Whoever names a stage of its own knows what gets there. */
  #isOpen (stage: Stage): boolean {
    const reach = { maxReplicas: this.#provider.maxReplicas, relay: this.#config.relay }
    return stage.role !== 'auto-scaled' || openStages(this.#stages.all(), this.#mayBeLive, reach).includes(stage)
  }

  #offer (stage: Stage): SeatOffer {
    return { place: placeOf(stage.arn), seats: seatsOf(stage, this.#config) }
  }

  async #take (userId: string, offers: readonly SeatOffer[], participantId?: string): Promise<Seat | undefined> {
    return await this.#presence.takeSeat(VIEWERS, userId, offers, holding(this.#config, participantId))
  }

  /** One that it had before, it keeps. */
  async #giveBack (userId: string, { place, isNew }: Seat): Promise<void> {
    if (isNew) await this.#presence.leave(place, userId)
  }

  #stageAt (place: string): Stage | undefined {
    return this.#stages.all().find(({ arn }) => placeOf(arn) === place)
  }

  async #issue (stage: Stage, role: TokenRole, userId: string, lifeSeconds: number): Promise<StageToken> {
    return { ...await this.#provider.issueToken({ stage, role, userId, lifeSeconds }), stageArn: stage.arn }
  }
}

function stageFull ({ name }: Stage): HeadwaterError {
  return new HeadwaterError('STAGE_FULL', { message: `${name} has no seat for another viewer` })
}
