/** What the parts of the feature share: made by `openIvs` (`open.ts`), which knows neither Fastify nor sockets. */
import type { IvsConfig } from '../../src/config/ivs.ts'
import type { IssuedToken, ProvidedStage, StageProvider } from './provider.ts'
import type { OpenPublisherWatch } from './publisher-watch.ts'
import type { Scaling } from './scaling/decision.ts'
import type { MediaPath, PublisherWatch, Stage, StageDirectory } from './stage.ts'

export interface Ivs {
  readonly config: IvsConfig
  readonly provider: StageProvider
  readonly stages: StageDirectory
  readonly publisher: PublisherWatch & Pick<OpenPublisherWatch, 'hint'>
  readonly scaling: Scaling
  readonly viewers: Viewers
  readonly tokens: Tokens
  readonly catalogue: StageCatalogue
  figures (): Promise<Figures>
  close (): Promise<void>
}

/** A viewer says that it is there. */
export interface Heartbeat {
  userId: string
  stageArn: string
}

/** Who watches where. Errors: `NOT_FOUND` for a stage that is not there, `STAGE_FULL`. */
export interface Viewers {
  /** Seen again; who has no seat takes one on that stage. */
  heartbeat (userId: string, stageArn: string): Promise<void>
  /** Many of them, each by itself and all at the same moment. @returns in their order what each would have failed with; undefined where it did not */
  heartbeats (heartbeats: readonly Heartbeat[]): Promise<unknown[]>
  /** Also whoever is not there. */
  leave (userId: string, stageArn: string): Promise<void>
  on (stageArn: string): Promise<{ total: number, active: Viewer[] }>
  /** Whole seconds that somebody watched a stage, over all its stays. @throws HeadwaterError `NOT_FOUND` */
  watchedSeconds (userId: string, stageArn: string): Promise<number>
  /** By ARN. */
  counts (): Promise<Map<string, number>>
}

export interface Viewer {
  userId: string
  /** Empty where it has none: it came without a token of ours. */
  participantId: string
  joinedAt: Date
  lastHeartbeat: Date
}

export interface StageToken extends IssuedToken {
  stageArn: string
}

/** Errors: `NOT_FOUND`, `STAGE_FULL`, `TOKEN_GENERATION_FAILED`. */
export interface Tokens {
  publisher (userId: string): Promise<StageToken>
  /** A seat and a token for it. Waits up to `stageWaitMs` for a stage that is being made. @param signal whoever asks is gone: it gets no seat, and the signal's reason is thrown */
  viewer (userId: string, stageArn?: string, signal?: AbortSignal): Promise<StageToken & { viewers: number }>
  mediaServer (serverId: string, stageArn: string): Promise<StageToken>
}

/** Stages as somebody makes and deletes them through the API. */
export interface StageCatalogue {
  /** @throws HeadwaterError `STAGE_LIMIT_REACHED` */
  create (name: string, tags: Record<string, string>): Promise<Stage>
  /** @throws HeadwaterError `NOT_FOUND`, `MASTER_STAGE`, `STAGE_NOT_EMPTY` (with the figure `viewerCount`), in this order */
  delete (stageArn: string): Promise<void>
  master (): Promise<ProvidedStage | undefined>
}

export interface StageFigures extends Pick<Stage, 'arn' | 'name' | 'role' | 'phase' | 'createdAt' | 'tags'> {
  viewers: number
  seats: number
  mediaPath: MediaPath
}

/** Where viewers are, counted now. */
export interface Figures {
  totalViewers: number
  isPublisherLive: boolean
  stages: StageFigures[]
}
