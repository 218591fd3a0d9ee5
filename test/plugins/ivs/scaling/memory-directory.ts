import type { Stage, StageDirectory } from '../../../../plugins/ivs/stage.ts'
import { HeadwaterError } from '../../../../src/errors/catalogue.ts'

/** Stages of one process. */
export class MemoryDirectory implements StageDirectory {
  #stages: Stage[] = []
  readonly #listeners = new Set<() => void>()
  /** Thrown by what is written next. */
  failure: Error | undefined
  refreshes = 0

  all (): readonly Stage[] {
    return this.#stages
  }

  find (arn: string): Stage | undefined {
    return this.#stages.find(stage => stage.arn === arn)
  }

  async refresh (): Promise<void> {
    this.refreshes++
  }

  async add (stage: Stage, most = Infinity): Promise<void> {
    this.#fail()
    if (this.find(stage.arn) !== undefined) return
    if (this.#stages.length >= most) throw new HeadwaterError('STAGE_LIMIT_REACHED')
    const rank = ({ role, createdAt }: Stage) => role === 'master' ? 0 : createdAt.getTime()
    this.#set([...this.#stages, stage].sort((a, b) => rank(a) - rank(b)))
  }

  async change (arn: string, changes: Parameters<StageDirectory['change']>[1]): Promise<boolean> {
    this.#fail()
    const stage = this.find(arn)
    if (stage === undefined) return false
    const phaseSince = changes.phase === undefined || changes.phase === stage.phase ? stage.phaseSince : new Date()
    this.#set(this.#stages.map(other => other === stage ? { ...stage, ...changes, phaseSince } : other))
    return true
  }

  async remove (arn: string): Promise<void> {
    this.#fail()
    this.#set(this.#stages.filter(stage => stage.arn !== arn))
  }

  onChange (listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  get listeners (): number {
    return this.#listeners.size
  }

  #set (stages: Stage[]): void {
    this.#stages = stages
    for (const listener of this.#listeners) listener()
  }

  #fail (): void {
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
  }
}
