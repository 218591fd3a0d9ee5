import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PlatformConfig } from '../../../config/platform.ts'
import { reasonOf } from '../../../errors/reason.ts'
import type { Log } from '../../../log.ts'
import { Session, type SessionSettings } from './session.ts'

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

/** Redis, as long as it is there. One session after the other; in between, whoever asks is told that it is away. */
export class RedisConnection {
  readonly #settings: ConnectionSettings
  readonly #log: Log
  readonly #parts: Part[] = []
  #session: Session | undefined
  /** One that is not in use yet: it is told what it missed. */
  #coming: Session | undefined
  /** While a session is told the rest, questions wait for it. */
  #held: Promise<void> | undefined
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

  /** How many questions Redis did not answer. */
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

  /**
   * Answers a question through Redis, or alone when Redis is away, or goes away meanwhile: then nobody knows whether it
   * was done there. All that is answered alone is in the order of the questions.
   */
  async use<T> (work: (session: Session) => Promise<T>, alone: () => T): Promise<T> {
    return await this.#ask(work, () => {
      this.#answeredAlone++
      return alone()
    })
  }

  /** The same for what nobody has asked for. @returns undefined when Redis is away */
  async tryTo<T> (work: (session: Session) => Promise<T>): Promise<T | undefined> {
    return await this.#ask<T | undefined>(work, () => undefined)
  }

  async #ask<T> (work: (session: Session) => Promise<T>, alone: () => T): Promise<T> {
    if (this.#held !== undefined) await this.#held
    const session = this.#session
    if (session === undefined || this.#unanswered >= this.#settings.redisMaxCommands) return alone()
    this.#unanswered++
    return await new Promise<T>(resolve => {
      const end = session.whenOver(() => resolve(alone()))
      work(session).then(resolve, error => session.end(reasonOf(error))).finally(() => {
        end()
        this.#unanswered--
      })
    })
  }

  /** Looks whether Redis is still there, and tells what it could not be told at once. */
  async check (): Promise<void> {
    await this.tryTo(async session => {
      await session.ping()
      if (this.#isBehind) await this.#catchUp(session)
    })
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
      // Most of it is told while this server still answers by itself. Then questions wait, so that nothing new comes.
      await this.#catchUp(session)
      await this.#holding(async () => {
        do await this.#catchUp(session)
        while (this.#isBehind)
        this.#use(session)
      })
    } catch (error) {
      session.end(reasonOf(error))
      this.#away(reasonOf(error))
    } finally {
      this.#coming = undefined
    }
  }

  async #holding (work: () => Promise<void>): Promise<void> {
    let release = () => {}
    this.#held = new Promise(resolve => { release = resolve })
    try {
      // Those that were answered before have done what they do then.
      await nextTurn()
      await work()
    } finally {
      this.#held = undefined
      release()
    }
  }

  #use (session: Session): void {
    this.#session = session
    if (this.#awaySince !== undefined) this.#log.info({ awayMs: Math.round(performance.now() - this.#awaySince) }, 'Redis is back')
    this.#awaySince = undefined
    session.whenOver(reason => {
      this.#session = undefined
      this.#away(reason)
    })
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
