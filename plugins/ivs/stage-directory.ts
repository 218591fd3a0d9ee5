import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { count, eq, sql } from 'drizzle-orm'
import { Coalesced } from '../../src/coalesced.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import type { Log } from '../../src/log.ts'
import type { Orm } from '../../src/platform/database/database.ts'
import { Listeners } from '../../src/listeners.ts'
import type { Channels } from '../../src/platform/state/state.ts'
import type { Stage, StageDirectory } from './stage.ts'
import { stages } from './tables.ts'

const CHANNEL = 'ivs:stages'

export interface StageDirectoryOptions {
  orm: Orm
  channels: Channels
  /** How often it is read again in case a message was lost. */
  refreshMs: number
  log: Log
}

/** Stages in the database, with a copy in memory that messages between servers keep fresh. */
export class StoredStages implements StageDirectory {
  readonly #orm: Orm
  readonly #channels: Channels
  readonly #log: Log
  readonly #listeners: Listeners<[]>
  /** Its own messages are no news. */
  readonly #server = randomUUID()
  readonly #timer: NodeJS.Timeout
  #unsubscribe: (() => Promise<void>) | undefined
  #stages: readonly Stage[] = []
  #byArn: ReadonlyMap<string, Stage> = new Map()
  /** Never is an older answer put over a newer one. */
  readonly #reading = new Coalesced(async () => await this.#read())

  private constructor ({ orm, channels, refreshMs, log }: StageDirectoryOptions) {
    this.#orm = orm
    this.#channels = channels
    this.#log = log
    this.#listeners = new Listeners(log, 'changes of stages')
    this.#timer = setInterval(() => this.#refreshLater(), refreshMs).unref()
  }

  /** The tables are there already. */
  static async open (options: StageDirectoryOptions): Promise<StoredStages> {
    const directory = new StoredStages(options)
    try {
      directory.#unsubscribe = await options.channels.subscribe(CHANNEL, message => {
        if (message !== directory.#server) directory.#refreshLater()
      })
      await directory.refresh()
    } catch (error) {
      await directory.close()
      throw error
    }
    return directory
  }

  all (): readonly Stage[] {
    return this.#stages
  }

  find (arn: string): Stage | undefined {
    return this.#byArn.get(arn)
  }

  async refresh (): Promise<void> {
    await this.#reading.run()
  }

  async add (stage: Stage, most?: number): Promise<void> {
    if (most === undefined) await this.#insert(this.#orm, stage)
    else {
      await this.#orm.transaction(async orm => {
        // Whoever adds one meanwhile waits, and is counted.
        await orm.execute(sql`LOCK TABLE ${stages} IN SHARE ROW EXCLUSIVE MODE`)
        const [there] = await orm.select({ count: count() }).from(stages)
        if (there!.count >= most) throw stageLimitReached(most)
        await this.#insert(orm, stage)
      })
    }
    await this.#tell()
  }

  async change (arn: string, changes: Parameters<StageDirectory['change']>[1]): Promise<boolean> {
    const { phase } = changes
    const phaseSince = phase === undefined ? {} : { phaseSince: sql`CASE WHEN ${stages.phase} = ${phase} THEN ${stages.phaseSince} ELSE ${sql.param(new Date(), stages.phaseSince)} END` }
    const changed = await this.#orm.update(stages).set({ arn, ...changes, ...phaseSince }).where(eq(stages.arn, arn)).returning({ arn: stages.arn })
    await this.#tell()
    return changed.length > 0
  }

  async remove (arn: string): Promise<void> {
    await this.#orm.delete(stages).where(eq(stages.arn, arn))
    await this.#tell()
  }

  onChange (listener: () => void): () => void {
    return this.#listeners.add(listener)
  }

  async close (): Promise<void> {
    clearInterval(this.#timer)
    await this.#unsubscribe?.()
    await this.#reading.idle()
  }

  async #insert (orm: Orm, stage: Stage): Promise<void> {
    await orm.insert(stages).values(stage).onConflictDoNothing()
  }

  /** This server and the others, of what was written. */
  async #tell (): Promise<void> {
    await Promise.all([this.refresh(), this.#channels.publish(CHANNEL, this.#server)])
  }

  async #read (): Promise<void> {
    const read = await this.#orm.select().from(stages).orderBy(sql`${stages.role} <> 'master'`, stages.createdAt, stages.arn)
    if (isDeepStrictEqual(read, this.#stages)) return
    this.#stages = read
    this.#byArn = new Map(read.map(stage => [stage.arn, stage]))
    this.#listeners.tell()
  }

  #refreshLater (): void {
    this.refresh().catch((error: unknown) => { this.#log.warn({ err: error }, 'the stages could not be read: what this server knows of them may be old') })
  }
}

export function stageLimitReached (limit: number): HeadwaterError {
  return new HeadwaterError('STAGE_LIMIT_REACHED', { message: `There are ${limit} stages already, and no more are allowed (IVS_MAX_STAGES): delete one that is not used`, figures: { limit } })
}
