import { sql } from 'drizzle-orm'
import type { Test } from 'tap'
import { LocalProvider } from '../../../plugins/ivs/local/provider.ts'
import type { StageProvider } from '../../../plugins/ivs/provider.ts'
import type { Scaling } from '../../../plugins/ivs/scaling/decision.ts'
import { Catalogue } from '../../../plugins/ivs/stage-catalogue.ts'
import { StoredStages } from '../../../plugins/ivs/stage-directory.ts'
import type { PublisherState, PublisherWatch, Stage } from '../../../plugins/ivs/stage.ts'
import { localPublishers, localStages, stages as stagesTable } from '../../../plugins/ivs/tables.ts'
import { StageTokens } from '../../../plugins/ivs/tokens.ts'
import { SeatedViewers } from '../../../plugins/ivs/viewers.ts'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { completeIvsOptions } from '../../../src/config/load.ts'
import type { Database } from '../../../src/platform/database/database.ts'
import { Listeners } from '../../../src/listeners.ts'
import type { State } from '../../../src/platform/state/state.ts'
import { Told } from '../../fixtures/told.ts'

/** What the servers of a test share. */
export interface Platform {
  /** The tables are there. */
  database: Database
  /** The states of so many servers of a new installation. */
  openStates (t: Test, servers: number): Promise<State[]>
}

export interface PartsOptions {
  config?: Partial<IvsConfig>
  /** Default: of a new installation, of which this is the only server. */
  state?: State
  /** What differs from the local provider. */
  provider?: (local: LocalProvider) => Partial<StageProvider>
}

/** What the parts of one server are made of, and these. */
export interface Parts {
  config: IvsConfig
  told: Told
  state: State
  provider: LocalProvider
  stages: StoredStages
  publisher: AskedPublisher
  scaling: TestScaling
  viewers: SeatedViewers
  tokens: StageTokens
  catalogue: Catalogue
  master: Stage
  /** A stage that is ready, in the directory and at the provider. */
  addStage (name: string, more?: Partial<Stage>): Promise<Stage>
}

/** Asks the provider when it is told to, on this server alone. */
export class AskedPublisher implements PublisherWatch {
  readonly #ask: () => Promise<PublisherState>
  readonly #listeners: Listeners<[PublisherState]>
  #state: PublisherState = { isLive: false, asOf: new Date(), source: 'poll' }

  constructor (ask: () => Promise<PublisherState>, told: Told) {
    this.#ask = ask
    this.#listeners = new Listeners(told, 'publishers')
  }

  current (): PublisherState {
    return this.#state
  }

  /** As after a start, while the provider does not answer. */
  forget (): void {
    this.#state = { isLive: false, isUnknown: true, asOf: new Date(), source: 'poll' }
  }

  async refresh (): Promise<PublisherState> {
    const before = this.#state
    this.#state = await this.#ask()
    if (before.participantId !== this.#state.participantId) this.#listeners.tell(this.#state)
    return this.#state
  }

  onChange (listener: (state: PublisherState) => void): () => void {
    return this.#listeners.add(listener)
  }
}

/** Says what the test says. */
export class TestScaling implements Scaling {
  mayGrow = false
  asked = 0
  /** Done before it answers. */
  whenAsked: () => Promise<void> = async () => {}

  async wanted (): Promise<{ mayGrow: boolean, reason: string }> {
    this.asked++
    await this.whenAsked()
    return { mayGrow: this.mayGrow, reason: this.mayGrow ? 'A stage is coming.' : 'The test allows no more.' }
  }

  decisions (): [] { return [] }
  onDecision (): () => void { return () => {} }
}

/** One server. Those that share a state and a database are one installation. */
export async function startParts (t: Test, { database: { orm }, openStates }: Platform, { config: settings = {}, state: given, provider: differing = () => ({}) }: PartsOptions = {}): Promise<Parts> {
  const config = completeIvsOptions(settings)
  const told = new Told()
  const state = given ?? (await openStates(t, 1))[0]!
  const provider = await LocalProvider.open({ orm, region: config.region, whipEndpoint: config.whipEndpoint, secret: 'a secret of the tests, of 32 characters or more', masterTags: { ManagedBy: 'api-server' }, onPublisher: async () => { await publisher.refresh() } })
  const used = withDifferences(provider, differing(provider))
  const stages = await StoredStages.open({ orm, channels: state.channels, refreshMs: 3_600_000, log: told })
  const { arn, name, tags, createdAt, endpoints } = (await provider.master())!
  await stages.add({ arn, name, tags, createdAt, endpoints, role: 'master', phase: 'ready', phaseSince: createdAt, mediaPath: 'source' })
  const master = stages.find(arn)!
  const publisher = new AskedPublisher(async () => await provider.publisher(arn), told)
  const scaling = new TestScaling()
  const { presence } = state
  const viewers = new SeatedViewers({ config, presence, stages, provider: used })
  const tokens = new StageTokens({ config, presence, stages, publisher, provider: used, scaling, log: told })
  const catalogue = new Catalogue({ config, reservedTags: { Environment: 'test', ManagedBy: 'api-server' }, presence, stages, publisher, provider: used, log: told })
  t.teardown(async () => {
    await tokens.close()
    await stages.close()
  })
  const addStage: Parts['addStage'] = async (name, more = {}) => {
    const made = await provider.create({ name, tags: { ManagedBy: 'auto-scaler' } })
    await stages.add({ arn: made.arn, name, tags: made.tags, createdAt: made.createdAt, endpoints: made.endpoints, role: 'auto-scaled', phase: 'ready', phaseSince: made.createdAt, mediaPath: 'none', ...more })
    return stages.find(made.arn)!
  }
  return { config, told, state, provider, stages, publisher, scaling, viewers, tokens, catalogue, master, addStage }
}

function withDifferences (provider: LocalProvider, differences: Partial<StageProvider>): StageProvider {
  return new Proxy<StageProvider>(provider, {
    get (target, name) {
      const value: unknown = Reflect.get(differences, name) ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

/** As a new installation finds them. */
export async function emptyTables ({ orm }: Database): Promise<void> {
  await orm.execute(sql`TRUNCATE ${stagesTable}, ${localPublishers}, ${localStages}`)
}

export async function codeOf (work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => 'done', (error: { code?: unknown }) => error.code ?? error)
}
