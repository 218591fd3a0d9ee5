import { and, desc, eq, gt, inArray, lte, sql, type SQL } from 'drizzle-orm'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import type { Orm } from '../../../src/platform/database/database.ts'
import type { IssuedToken, ProvidedStage, StageProvider, TokenRequest } from '../provider.ts'
import type { MediaPath, PublisherState } from '../stage.ts'
import { localPublishers, localStages } from '../tables.ts'
import { newParticipantId, newSessionId, newStageArn } from './identifiers.ts'
import { signToken } from './participant-token.ts'

const MASTER_NAME = 'master-stage'

export interface LocalProviderOptions {
  orm: Orm
  region: string
  /** Address that tokens name for WHIP. */
  whipEndpoint: string
  /** What tokens are signed with: 32 characters or more. */
  secret: string
  /** Tags of the master stage. */
  masterTags: Record<string, string>
  /** Told when somebody may publish, or may not any more, and waited for. */
  onPublisher: () => Promise<void>
}

type StageRow = typeof localStages.$inferSelect
type PublisherRow = typeof localPublishers.$inferSelect

/**
 * Stages without AWS: rows in the database, tokens that are signed here, and no media. Whoever has a token to publish is
 * taken to be on air until it expires or its user leaves; media gets wherever it is said to be copied to.
 */
export class LocalProvider implements StageProvider {
  readonly kind = 'local'
  readonly region: string
  readonly maxReplicas = Infinity
  readonly #orm: Orm
  readonly #whipEndpoint: string
  readonly #secret: Uint8Array
  readonly #onPublisher: () => Promise<void>

  private constructor ({ orm, region, whipEndpoint, secret, onPublisher }: LocalProviderOptions) {
    this.region = region
    this.#orm = orm
    this.#whipEndpoint = whipEndpoint
    this.#secret = new TextEncoder().encode(secret)
    this.#onPublisher = onPublisher
  }

  /** Makes the master stage where there is none: of several servers one does. */
  static async open (options: LocalProviderOptions): Promise<LocalProvider> {
    const { orm, region, masterTags } = options
    await orm.insert(localStages).values({ arn: newStageArn(region), name: MASTER_NAME, isMaster: true, tags: masterTags, createdAt: new Date() }).onConflictDoNothing()
    return new LocalProvider(options)
  }

  async master (): Promise<ProvidedStage | undefined> {
    return (await this.#find(eq(localStages.isMaster, true)))[0]
  }

  async list (): Promise<ProvidedStage[]> {
    return await this.#find(eq(localStages.isMaster, false))
  }

  async get (arn: string): Promise<ProvidedStage | undefined> {
    return (await this.#find(eq(localStages.arn, arn)))[0]
  }

  async create ({ name, tags }: { name: string, tags: Record<string, string> }): Promise<ProvidedStage> {
    const [row] = await this.#orm.insert(localStages).values({ arn: newStageArn(this.region), name, isMaster: false, tags, createdAt: new Date() }).returning()
    return this.#provided(row!)
  }

  async delete (arn: string): Promise<void> {
    await this.#orm.delete(localStages).where(eq(localStages.arn, arn))
  }

  /** Whether the stage is there is asked only where the token changes something for others: to watch changes nothing. */
  async issueToken (request: TokenRequest): Promise<IssuedToken> {
    const issued = await signToken(this.#secret, newParticipantId(), request)
    if (request.role === 'publisher') await this.#publish(request, issued)
    if (request.role === 'mediaserver') await this.#relay(request.stage.arn, issued.expiresAt)
    return issued
  }

  async publisher (master: string): Promise<PublisherState> {
    const [live] = await this.#orm.select().from(localPublishers).where(and(eq(localPublishers.stageArn, master), stillGood()))
      .orderBy(desc(localPublishers.issuedAt), localPublishers.userId).limit(1)
    return { isLive: live !== undefined, ...(live === undefined ? {} : { participantId: live.participantId, sessionId: live.sessionId }), asOf: new Date(), source: 'poll' }
  }

  async startReplication (source: string, destination: string, participantId: string): Promise<void> {
    const isLive = sql`EXISTS ${this.#orm.select({ one: sql`1` }).from(localPublishers).where(and(eq(localPublishers.stageArn, source), eq(localPublishers.participantId, participantId), stillGood()))}`
    const copied = await this.#orm.update(localStages).set({ replicaOf: participantId }).where(and(eq(localStages.arn, destination), isLive)).returning({ arn: localStages.arn })
    if (copied.length > 0) return
    if (await this.get(destination) === undefined) throw notThere(destination)
    throw new HeadwaterError('STAGES_UNAVAILABLE', { message: `Nothing can be copied to ${destination}: ${participantId} does not publish` })
  }

  async stopReplication (_source: string, destination: string, participantId: string): Promise<void> {
    await this.#orm.update(localStages).set({ replicaOf: null }).where(and(eq(localStages.arn, destination), eq(localStages.replicaOf, participantId)))
  }

  async mediaPaths (master: string, stages: readonly string[], participantId: string): Promise<Map<string, MediaPath>> {
    const now = new Date()
    const rows = await this.#orm.select({ stage: localStages, publisher: localPublishers }).from(localStages)
      .leftJoin(localPublishers, and(eq(localPublishers.stageArn, master), eq(localPublishers.participantId, participantId)))
      .where(inArray(localStages.arn, [...stages]))
    const paths = new Map(rows.map(({ stage, publisher }) => [stage.arn, stage.arn === master ? 'source' : pathTo(stage, publisher, now)]))
    return new Map(stages.map(arn => [arn, paths.get(arn) ?? 'none']))
  }

  async connectedViewers (): Promise<undefined> {
    return undefined
  }

  async left (arn: string, userId: string): Promise<void> {
    const gone = await this.#orm.delete(localPublishers).where(and(eq(localPublishers.stageArn, arn), eq(localPublishers.userId, userId))).returning({ userId: localPublishers.userId })
    if (gone.length > 0) await this.#onPublisher()
  }

  async close (): Promise<void> {}

  async #find (which: SQL): Promise<ProvidedStage[]> {
    const rows = await this.#orm.select().from(localStages).where(which).orderBy(localStages.createdAt, localStages.arn)
    return await Promise.all(rows.map(async row => this.#provided(row, row.isMaster ? (await this.publisher(row.arn)).sessionId : undefined)))
  }

  #provided ({ arn, name, tags, createdAt }: StageRow, activeSessionId?: string): ProvidedStage {
    return { arn, name, tags, createdAt, endpoints: { whip: this.#whipEndpoint }, ...(activeSessionId === undefined ? {} : { activeSessionId }) }
  }

  /** A session lasts for as long as somebody publishes. */
  async #publish ({ stage, userId }: TokenRequest, { participantId, expiresAt }: IssuedToken): Promise<void> {
    await this.#orm.delete(localPublishers).where(lte(localPublishers.expiresAt, new Date()))
    const { sessionId = newSessionId() } = await this.publisher(stage.arn)
    const row: PublisherRow = { stageArn: stage.arn, userId, participantId, sessionId, issuedAt: new Date(), expiresAt }
    const { stageArn: _stageArn, userId: _userId, ...changed } = row
    if (await this.get(stage.arn) === undefined) throw notThere(stage.arn)
    await this.#orm.insert(localPublishers).values(row).onConflictDoUpdate({ target: [localPublishers.stageArn, localPublishers.userId], set: changed })
    await this.#onPublisher()
  }

  async #relay (arn: string, until: Date): Promise<void> {
    const later = sql`greatest(${localStages.relayedUntil}, ${sql.param(until, localStages.relayedUntil)})`
    const relayed = await this.#orm.update(localStages).set({ relayedUntil: later }).where(eq(localStages.arn, arn)).returning({ arn: localStages.arn })
    if (relayed.length === 0) throw notThere(arn)
  }
}

function stillGood (): SQL {
  return gt(localPublishers.expiresAt, new Date())
}

function pathTo ({ replicaOf, relayedUntil }: StageRow, publisher: PublisherRow | null, now: Date): MediaPath {
  if (publisher === null || publisher.expiresAt <= now) return 'none'
  if (replicaOf === publisher.participantId) return 'replica'
  return relayedUntil !== null && relayedUntil > now ? 'relay' : 'none'
}

function notThere (arn: string): HeadwaterError {
  return new HeadwaterError('NOT_FOUND', { message: `There is no stage ${arn}` })
}
