import type { PlatformConfig } from '../../../config/platform.ts'
import type { Log } from '../../../log.ts'
import { reasonOf, Session, type SessionSettings } from './session.ts'

export type ConnectionSettings = SessionSettings & Pick<PlatformConfig, 'redisRetryMs' | 'redisMaxCommands'>

/** What has to be told to Redis when it is back. */
export interface Part {
  /** Whether something is left to tell. */
  readonly isBehind: boolean
  /**
   * Tells what is left. Called at least once with each session, before anybody uses it.
   * @throws Error when Redis goes away again; another session follows
   */
  catchUp (session: Session): Promise<void>
}

/** While servers work, there is always something new to tell; the rest is told when commands go to Redis again. */
const CATCH_UP_ROUNDS = 10

/** Redis, as long as it is there. One session after the other; in between, whoever asks is told that it is away. */
export class RedisConnection {
  readonly #settings: ConnectionSettings
  readonly #log: Log
  readonly #parts: Part[] = []
  #session: Session | undefined
  /** One that is not in use yet: it is told what it missed. */
  #coming: Session | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false
  #awaySince: number | undefined
  #unanswered = 0
  #answeredAlone = 0

  constructor (settings: ConnectionSettings, log: Log) {
    this.#settings = settings
    this.#log = log
  }

  get status (): 'connected' | 'disconnected' {
    return this.#session === undefined ? 'disconnected' : 'connected'
  }

  /** How often somebody was told that Redis is away. */
  get answeredAlone (): number {
    return this.#answeredAlone
  }

  add (part: Part): void {
    this.#parts.push(part)
  }

  /** Comes back when Redis is there, or after the first attempt: then others follow. */
  async open (): Promise<void> {
    await this.#attempt()
  }

  /** @returns undefined when Redis is away, or went away meanwhile: then nobody knows whether it was done */
  async use<T> (work: (session: Session) => Promise<T>): Promise<T | undefined> {
    const session = this.#session
    if (session === undefined || this.#unanswered >= this.#settings.redisMaxCommands) {
      this.#answeredAlone++
      return undefined
    }
    this.#unanswered++
    try {
      return await work(session)
    } catch (error) {
      session.end(reasonOf(error))
      this.#answeredAlone++
      return undefined
    } finally {
      this.#unanswered--
    }
  }

  close (): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    this.#coming?.end('this server closes')
    this.#session?.end('this server closes')
  }

  async #attempt (): Promise<void> {
    const session = this.#coming = new Session(this.#settings)
    try {
      await session.open()
      let rounds = 0
      do await this.#catchUp(session)
      while (this.#isBehind && ++rounds < CATCH_UP_ROUNDS)
    } catch (error) {
      session.end(reasonOf(error))
      this.#away(reasonOf(error))
      return
    } finally {
      this.#coming = undefined
    }
    this.#session = session
    if (this.#awaySince !== undefined) this.#log.info({ awayMs: Math.round(performance.now() - this.#awaySince) }, 'Redis is back')
    this.#awaySince = undefined
    session.whenOver(reason => {
      this.#session = undefined
      this.#away(reason)
    })
    await this.use(async session => await this.#catchUp(session))
  }

  get #isBehind (): boolean {
    return this.#parts.some(({ isBehind }) => isBehind)
  }

  async #catchUp (session: Session): Promise<void> {
    for (const part of this.#parts) await part.catchUp(session)
  }

  #away (reason: string): void {
    if (this.#isClosed) return
    if (this.#awaySince === undefined) {
      this.#awaySince = performance.now()
      this.#log.error({ reason }, 'Redis cannot be used: this server goes on with what it knows itself, and catches up when Redis is back')
    }
    this.#retry = setTimeout(() => { void this.#attempt() }, this.#settings.redisRetryMs).unref()
  }
}
