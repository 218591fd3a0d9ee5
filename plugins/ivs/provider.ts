import type { MediaPath, PublisherState, Stage, StageEndpoints } from './stage.ts'

/** A stage, as the provider knows it. */
export interface ProvidedStage {
  arn: string
  name: string
  tags: Record<string, string>
  createdAt: Date
  endpoints: StageEndpoints
  /** Absent: nobody is connected to it. */
  activeSessionId?: string
}

export type Capability = 'PUBLISH' | 'SUBSCRIBE'

/** What a token is for. */
export type TokenRole = 'publisher' | 'viewer' | 'mediaserver'

export const CAPABILITIES: Record<TokenRole, readonly Capability[]> = {
  publisher: ['PUBLISH'],
  viewer: ['SUBSCRIBE'],
  mediaserver: ['PUBLISH', 'SUBSCRIBE']
}

export interface TokenRequest {
  stage: Pick<Stage, 'arn' | 'endpoints'>
  role: TokenRole
  userId: string
  lifeSeconds: number
  /** Up to 1 KB together. */
  attributes?: Record<string, string>
}

export interface IssuedToken {
  token: string
  participantId: string
  expiresAt: Date
}

/**
 * Who runs the stages: AWS, or this installation itself. Errors are `HeadwaterError`s: `NOT_FOUND` for a stage that is
 * not there, `STAGE_LIMIT_REACHED` and `REPLICATION_LIMIT_REACHED` for quotas, `TOKEN_GENERATION_FAILED` for tokens,
 * `STAGES_UNAVAILABLE` (with `retryAfterMs` where it is throttled) for all else that a later try may mend.
 */
export interface StageProvider {
  readonly kind: 'aws' | 'local'
  readonly region: string
  /** Replicas that one publisher can have at once. */
  readonly maxReplicas: number
  /** The master stage; undefined where none is configured or it does not exist. */
  master (): Promise<ProvidedStage | undefined>
  /** Stages of this installation, told apart by their tags; without the master. */
  list (): Promise<ProvidedStage[]>
  get (arn: string): Promise<ProvidedStage | undefined>
  create (stage: { name: string, tags: Record<string, string> }): Promise<ProvidedStage>
  /** One that is gone already is deleted. */
  delete (arn: string): Promise<void>
  issueToken (request: TokenRequest): Promise<IssuedToken>
  /** Who is live on the master stage: never what was published once (reference/external-apis.md 1.7). */
  publisher (master: string): Promise<PublisherState>
  /** Begins to copy what a participant publishes to another stage. Where that happens already, nothing changes. */
  startReplication (source: string, destination: string, participantId: string): Promise<void>
  stopReplication (source: string, destination: string, participantId: string): Promise<void>
  /** How the media of this publication gets to each of these stages now, by ARN. A stage that is gone is `none`. */
  mediaPaths (master: string, stages: readonly string[], participantId: string): Promise<Map<string, MediaPath>>
  /** People who are connected to a stage besides whoever publishes; undefined where the provider cannot know. */
  connectedViewers (arn: string): Promise<number | undefined>
  /** Somebody said that it left a stage. Where the provider sees by itself who is there, nothing changes. */
  left (arn: string, userId: string): Promise<void>
  close (): Promise<void>
}
