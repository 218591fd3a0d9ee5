import { reasonOf } from '../../src/errors/reason.ts'
import type { Log } from '../../src/log.ts'
import type { StageProvider } from './provider.ts'
import type { StageDirectory } from './stage.ts'

export interface MasterStageOptions {
  provider: Pick<StageProvider, 'master'>
  stages: StageDirectory
  /** A provider that does not answer, or has no such stage, is asked again after so long. */
  retryMs: number
  log: Log
}

/** Sees to it that the directory has the provider's master stage, and no other. */
export class MasterStage {
  readonly #options: MasterStageOptions
  #asking: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  /** Why it was not found the last time. */
  #problem: string | undefined

  private constructor (options: MasterStageOptions) {
    this.#options = options
  }

  /** Asks once before it comes back. What fails then is told, and tried again: who watches already may go on. */
  static async open (options: MasterStageOptions): Promise<MasterStage> {
    const master = new MasterStage(options)
    await master.#ask()
    return master
  }

  async close (): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    await this.#asking
  }

  async #ask (): Promise<void> {
    const { retryMs, log } = this.#options
    const problem = await this.#adopt().catch(reasonOf)
    if (problem !== undefined && problem !== this.#problem) log.warn({ reason: problem }, 'the master stage is not known: nobody can publish until it is found')
    if (problem === undefined && this.#problem !== undefined) log.info({}, 'the master stage was found')
    this.#problem = problem
    if (problem === undefined || this.#isClosed) return
    this.#timer = setTimeout(() => { this.#asking = this.#ask() }, retryMs).unref()
  }

  /** @returns why there is none */
  async #adopt (): Promise<string | undefined> {
    const { provider, stages } = this.#options
    const master = await provider.master()
    if (master === undefined) return 'The provider has no such stage: see MASTER_STAGE_ARN'
    const { arn, name, tags, createdAt, endpoints } = master
    for (const former of stages.all().filter(stage => stage.role === 'master' ? stage.arn !== arn : stage.arn === arn)) await stages.remove(former.arn)
    if (!await stages.change(arn, { tags, endpoints })) await stages.add({ arn, name, role: 'master', tags, createdAt, phase: 'ready', phaseSince: new Date(), mediaPath: 'source', endpoints })
    return undefined
  }
}
