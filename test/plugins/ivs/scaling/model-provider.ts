import type { IssuedToken, ProvidedStage, StageProvider } from '../../../../plugins/ivs/provider.ts'
import type { MediaPath, PublisherState, PublisherWatch, Stage } from '../../../../plugins/ivs/stage.ts'
import { HeadwaterError } from '../../../../src/errors/catalogue.ts'

type Operation = 'list' | 'get' | 'create' | 'delete' | 'startReplication' | 'stopReplication' | 'mediaPaths' | 'connectedViewers'

const arnOf = (id: string) => `arn:aws:ivs:ap-northeast-1:000000000000:stage/${id}`

export const MASTER: Stage = {
  arn: arnOf('master'),
  name: 'master-stage',
  role: 'master',
  tags: { Environment: 'test', ManagedBy: 'api-server' },
  createdAt: new Date(0),
  phase: 'ready',
  phaseSince: new Date(0),
  mediaPath: 'none',
  endpoints: {}
}

/** A provider that is as strict as AWS, whose every operation can be made to wait or to fail. */
export class ModelProvider implements StageProvider {
  readonly kind = 'local'
  readonly region = 'ap-northeast-1'
  maxReplicas = Infinity
  readonly stages = new Map<string, ProvidedStage>()
  /** Who publishes on the master stage. */
  participantId: string | undefined
  /** What is copied, by participant. */
  readonly copies = new Map<string, Set<string>>()
  readonly relays = new Set<string>()
  /** People that the provider sees. */
  readonly connected = new Map<string, number>()
  /** Every call, as `operation name`. */
  readonly calls: string[] = []
  /** Before an operation: may wait or throw. @param subject the stage's ARN, or its name where it is to be made */
  before: (operation: Operation, name: string, subject: string) => unknown = () => {}
  /** After the work of an operation is done: may lose its answer. */
  after: (operation: Operation, name: string) => unknown = () => {}
  #made = 0

  /** Goes on air, or off it. */
  publish (participantId: string | undefined): void {
    if (this.participantId !== undefined && this.participantId !== participantId) this.copies.delete(this.participantId)
    this.participantId = participantId
  }

  async master (): Promise<ProvidedStage> {
    return MASTER
  }

  async list (): Promise<ProvidedStage[]> {
    return await this.#do('list', '', () => [...this.stages.values()])
  }

  async get (arn: string): Promise<ProvidedStage | undefined> {
    return await this.#do('get', arn, () => this.stages.get(arn))
  }

  async create ({ name, tags }: { name: string, tags: Record<string, string> }): Promise<ProvidedStage> {
    return await this.#do('create', name, () => {
      const stage = { arn: arnOf(String(++this.#made).padStart(12, '0')), name, tags, createdAt: new Date(), endpoints: {} }
      this.stages.set(stage.arn, stage)
      return stage
    })
  }

  async delete (arn: string): Promise<void> {
    await this.#do('delete', arn, () => {
      this.stages.delete(arn)
      for (const copies of this.copies.values()) copies.delete(arn)
    })
  }

  async startReplication (_source: string, arn: string, participantId: string): Promise<void> {
    await this.#do('startReplication', arn, () => {
      if (!this.stages.has(arn)) throw new HeadwaterError('NOT_FOUND')
      if (participantId !== this.participantId) throw new HeadwaterError('STAGES_UNAVAILABLE', { message: 'it publishes nothing' })
      const copies = this.copies.get(participantId) ?? new Set()
      if (!copies.has(arn) && copies.size >= this.maxReplicas) throw new HeadwaterError('REPLICATION_LIMIT_REACHED')
      this.copies.set(participantId, copies.add(arn))
    })
  }

  async stopReplication (_source: string, arn: string, participantId: string): Promise<void> {
    await this.#do('stopReplication', arn, () => {
      if (this.copies.get(participantId)?.delete(arn) !== true) throw new HeadwaterError('NOT_FOUND')
    })
  }

  async mediaPaths (_master: string, arns: readonly string[], participantId: string): Promise<Map<string, MediaPath>> {
    return await this.#do('mediaPaths', '', () => new Map(arns.map(arn => [arn, this.pathOf(arn, participantId)])))
  }

  async connectedViewers (arn: string): Promise<number | undefined> {
    return await this.#do('connectedViewers', arn, () => this.connected.get(arn))
  }

  pathOf (arn: string, participantId: string | undefined): MediaPath {
    if (participantId === undefined || participantId !== this.participantId) return 'none'
    if (arn === MASTER.arn) return 'source'
    if (!this.stages.has(arn)) return 'none'
    return this.copies.get(participantId)?.has(arn) === true ? 'replica' : this.relays.has(arn) ? 'relay' : 'none'
  }

  async publisher (): Promise<PublisherState> {
    throw new Error('not asked here')
  }

  async issueToken (): Promise<IssuedToken> {
    throw new Error('not asked here')
  }

  async left (): Promise<void> {}

  async close (): Promise<void> {}

  async #do<T> (operation: Operation, subject: string, work: () => T): Promise<T> {
    const name = this.stages.get(subject)?.name ?? subject
    this.calls.push(`${operation} ${name}`.trim())
    await this.before(operation, name, subject)
    const answer = work()
    await this.after(operation, name)
    return answer
  }
}

/** Who publishes, as soon as it is so. */
export class ModelWatch implements PublisherWatch {
  readonly #listeners = new Set<(state: PublisherState) => void>()
  #state: PublisherState = { isLive: false, asOf: new Date(), source: 'poll' }

  current (): PublisherState {
    return this.#state
  }

  async refresh (): Promise<PublisherState> {
    return this.#state
  }

  onChange (listener: (state: PublisherState) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  get listeners (): number {
    return this.#listeners.size
  }

  /** As after a start, while the provider does not answer. */
  forget (): void {
    this.#state = { isLive: false, isUnknown: true, asOf: new Date(), source: 'poll' }
  }

  set (participantId: string | undefined): void {
    this.#state = { isLive: participantId !== undefined, asOf: new Date(), source: 'event', ...participantId === undefined ? {} : { participantId } }
    for (const listener of this.#listeners) listener(this.#state)
  }
}
