import type { IvsConfig } from '../../src/config/ivs.ts'
import type { Log } from '../../src/log.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { State } from '../../src/platform/state/state.ts'
import { keptSecret } from '../../src/secret-file.ts'
import type { Ivs } from './core.ts'
import { figuresOf } from './figures.ts'
import { MasterStage } from './master-stage.ts'
import type { StageProvider } from './provider.ts'
import { openPublisherWatch, type OpenPublisherWatch } from './publisher-watch.ts'
import { Autoscaler } from './scaling/autoscaler.ts'
import { Catalogue } from './stage-catalogue.ts'
import { StoredStages } from './stage-directory.ts'
import { IVS_MIGRATIONS } from './tables.ts'
import { StageTokens } from './tokens.ts'
import { SeatedViewers } from './viewers.ts'

export interface OpenIvsOptions {
  config: IvsConfig
  /** Tag of the stages that are made here. */
  environment: string
  /** Folder of a generated secret. */
  dataDir: string
  database: Database
  state: State
  log: Log
}

/**
 * All parts of the feature, put together. With `masterStageArn` stages are at AWS, else they are local.
 * @throws HeadwaterError `CONFIG_INVALID`, `DATABASE_UNAVAILABLE`; a provider that does not answer is waited for later
 */
export async function openIvs (options: OpenIvsOptions): Promise<Ivs> {
  const opened = new Opened()
  try {
    return await putTogether(options, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function putTogether (options: OpenIvsOptions, opened: Opened): Promise<Ivs> {
  const { config, environment, database, state, log } = options
  const { presence, channels, locks } = state
  const reservedTags = { Environment: environment, ManagedBy: 'api-server' }
  const scalingMs = config.scalingSeconds * 1_000
  await database.migrate(IVS_MIGRATIONS)
  const later: { publisher?: OpenPublisherWatch } = {}
  const provider = opened.keep(await openProvider(options, reservedTags, async () => { await later.publisher?.refresh() }))
  const stages = opened.keep(await StoredStages.open({ orm: database.orm, channels, refreshMs: scalingMs, log }))
  opened.keep(await MasterStage.open({ provider, stages, retryMs: scalingMs, log }))
  const publisher = opened.keep(await openPublisherWatch({ provider, master: () => stages.all().find(({ role }) => role === 'master')?.arn, state, livenessSeconds: config.livenessSeconds, log }))
  later.publisher = publisher
  const scaling = opened.keep(new Autoscaler({ config, environment, provider, stages, publisher, presence, locks, channels, log }))
  await scaling.start()
  const viewers = new SeatedViewers({ config, presence, stages, provider })
  return {
    config,
    provider,
    stages,
    publisher,
    scaling,
    viewers,
    tokens: opened.keep(new StageTokens({ config, presence, stages, publisher, provider, scaling, log })),
    catalogue: new Catalogue({ config, reservedTags, presence, stages, publisher, provider, log }),
    figures: async () => await figuresOf({ config, stages, publisher, viewers }),
    close: async () => { await opened.close() }
  }
}

/** Whichever is not used is not loaded. */
async function openProvider ({ config, dataDir, database, log }: OpenIvsOptions, masterTags: Record<string, string>, onPublisher: () => Promise<void>): Promise<StageProvider> {
  if (config.masterStageArn !== '') return await (await import('./aws/provider.ts')).openAwsProvider(config, log)
  const { LocalProvider } = await import('./local/provider.ts')
  return await LocalProvider.open({ orm: database.orm, region: config.region, whipEndpoint: config.whipEndpoint, secret: await keptSecret(dataDir, 'ivs-token-secret'), masterTags, onPublisher })
}

interface Closing {
  close (): Promise<void>
}

/** What has to be closed, the last first. */
class Opened {
  readonly #parts: Closing[] = []

  keep<T extends Closing> (part: T): T {
    this.#parts.push(part)
    return part
  }

  /** One that fails keeps none of the others open. */
  async close (): Promise<void> {
    const failures: unknown[] = []
    for (const part of this.#parts.splice(0).reverse()) await part.close().catch((error: unknown) => { failures.push(error) })
    if (failures.length > 0) throw failures[0]
  }
}
