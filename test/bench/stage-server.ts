import type { ServerProcess } from '../chaos/server-process.ts'
import { startIvsProcess } from '../fixtures/ivs-process.ts'
import { startPostgresql } from '../fixtures/postgresql-server.ts'
import { RedisServer } from '../fixtures/redis-server.ts'

/** Where a server keeps what it knows. */
export interface Stores {
  database: 'embedded' | 'postgresql'
  state: 'memory' | 'redis'
}

export interface StageServerOptions {
  folder: string
  stores?: Stores
  env?: Record<string, string>
  /** Loaded before the server. */
  modules?: string[]
}

/** A server with stages, and what it needs. */
export class StageServer {
  readonly process: ServerProcess
  readonly #ends: Array<() => unknown>

  private constructor (process: ServerProcess, ends: Array<() => unknown>) {
    this.process = process
    this.#ends = ends
  }

  static async start ({ folder, stores = { database: 'embedded', state: 'memory' }, env = {}, modules = [] }: StageServerOptions): Promise<StageServer> {
    const ends: Array<() => unknown> = []
    const owner = { teardown: (...handlers: Array<() => unknown>) => { ends.unshift(...handlers) } }
    const databaseUrl = stores.database === 'embedded' ? '' : (await startPostgresql(owner)).url
    const redisUrl = stores.state === 'memory' ? '' : (await RedisServer.start(owner)).url
    const process = await startIvsProcess({ folder, modules, env: { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, ...env } })
    ends.unshift(() => process.stop())
    return new StageServer(process, ends)
  }

  get url (): string { return this.process.url }
  get pid (): number { return this.process.pid }

  async stop (): Promise<void> {
    for (const end of this.#ends) await end()
  }
}
