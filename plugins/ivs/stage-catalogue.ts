import type { IvsConfig } from '../../src/config/ivs.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Presence } from '../../src/platform/state/state.ts'
import type { StageCatalogue } from './core.ts'
import { knownStage, masterOf } from './known-stage.ts'
import type { ProvidedStage, StageProvider } from './provider.ts'
import { placeOf } from './seats.ts'
import { stageLimitReached } from './stage-directory.ts'
import { removeStage } from './stage-removal.ts'
import type { PublisherWatch, Stage, StageDirectory } from './stage.ts'

export interface CatalogueOptions {
  config: Pick<IvsConfig, 'maxStages'>
  /** Tags that all stages have that are made here: they win over what somebody asks for. */
  reservedTags: Record<string, string>
  presence: Presence
  stages: StageDirectory
  publisher: Pick<PublisherWatch, 'current'>
  provider: Pick<StageProvider, 'create' | 'delete' | 'stopReplication' | 'master'>
  log: Log
}

/** Makes stages at the provider and deletes them there; what happened is in the directory then. */
export class Catalogue implements StageCatalogue {
  readonly #options: CatalogueOptions

  constructor (options: CatalogueOptions) {
    this.#options = options
  }

  async create (name: string, tags: Record<string, string>): Promise<Stage> {
    const { config: { maxStages }, reservedTags, stages, provider } = this.#options
    if (stages.all().length >= maxStages) throw stageLimitReached(maxStages)
    const made = await provider.create({ name, tags: { ...tags, ...reservedTags } })
    const { arn, createdAt, endpoints } = made
    const stage: Stage = { arn, name: made.name, role: 'custom', tags: made.tags, createdAt, phase: 'ready', phaseSince: new Date(), mediaPath: 'none', endpoints }
    try {
      // Others may have made one meanwhile: here they are counted.
      await stages.add(stage, maxStages)
    } catch (error) {
      await this.#undo(stage)
      throw error
    }
    return stage
  }

  /** What failed midway is gone on with by the next who deletes it. */
  async delete (stageArn: string): Promise<void> {
    const { stages, provider, publisher } = this.#options
    const stage = await knownStage(stages, stageArn)
    if (stage.role === 'master') throw new HeadwaterError('MASTER_STAGE')
    await this.#close(stage)
    const { participantId } = publisher.current()
    await removeStage(stage.arn, { provider, stages, source: participantId === undefined ? undefined : { arn: masterOf(stages).arn, participantId } })
  }

  async master (): Promise<ProvidedStage | undefined> {
    return await this.#options.provider.master()
  }

  /** Nobody sits down from here on. @throws HeadwaterError `STAGE_NOT_EMPTY` */
  async #close ({ arn, name }: Stage): Promise<void> {
    const { presence, stages } = this.#options
    const place = placeOf(arn)
    if (!await presence.closeIfEmpty(place)) {
      const viewerCount = (await presence.members(place)).length
      if (viewerCount > 0) throw new HeadwaterError('STAGE_NOT_EMPTY', { message: `${name} has ${viewerCount} viewers`, figures: { viewerCount } })
      throw new HeadwaterError('STAGES_UNAVAILABLE', { message: `Whether somebody is on ${name} cannot be known now: try again` })
    }
    try {
      await stages.change(arn, { phase: 'deleting' })
    } catch (error) {
      await presence.clear(place)
      throw error
    }
  }

  /** Where this fails too, the stage is found at the provider later, by its tags. */
  async #undo ({ arn }: Stage): Promise<void> {
    const { provider, log } = this.#options
    try {
      await provider.delete(arn)
    } catch (error) {
      log.warn({ err: error, stage: arn }, 'a stage that is not used could not be deleted')
    }
  }
}
