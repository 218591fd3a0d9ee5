import type { Redis } from 'ioredis'
import type { PlatformConfig } from '../../../config/platform.ts'
import { reasonOf } from '../../../errors/reason.ts'
import { PatientRedis } from './patient-redis.ts'
import { SCRIPTS, type ScriptName } from './lua/index.ts'

export type SessionSettings = Pick<PlatformConfig, 'redisUrl' | 'redisConnectMs' | 'redisCommandMs'>

/**
 * One connection to Redis, from its beginning to its end: for commands, and a second one on which messages come. The
 * first that fails ends it; whoever wants another opens another. Nothing in it waits for Redis to come back.
 */
export class Session {
  readonly commands: Redis
  readonly subscriber: Redis
  readonly #scripts = new Map<ScriptName, string>()
  /** Why it is over; undefined while it is not. Never the address, which has a password in it. */
  #over: string | undefined
  readonly #listeners = new Set<(reason: string) => void>()

  readonly #settings: SessionSettings

  constructor (settings: SessionSettings) {
    this.#settings = settings
    const { redisUrl, redisConnectMs, redisCommandMs } = settings
    const options = {
      lazyConnect: true,
      // The older one, which every Redis knows.
      protocol: 2 as const,
      connectTimeout: redisConnectMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      retryStrategy: () => null,
      connectionName: 'headwater'
    }
    this.commands = new PatientRedis(redisUrl, options, redisCommandMs)
    this.subscriber = new PatientRedis(redisUrl, options, redisCommandMs)
    for (const client of [this.commands, this.subscriber]) {
      // What it says alone: ioredis hangs the command that failed on its errors, which may be the one with the password.
      client.on('error', (error: Error) => this.end(reasonOf(error)))
      client.on('close', () => this.end('the connection was closed'))
    }
  }

  /** @throws Error that says why Redis cannot be used */
  async open (): Promise<void> {
    const { redisConnectMs } = this.#settings
    const tooLate = setTimeout(() => this.end(`it did not answer within ${redisConnectMs} ms`), redisConnectMs)
    try {
      await Promise.all([this.commands.connect(), this.subscriber.connect()])
      // After a restart Redis has none. Later they are called by their hash alone, so that commands keep their order.
      for (const [name, source] of Object.entries(SCRIPTS)) this.#scripts.set(name as ScriptName, await this.commands.script('LOAD', source) as string)
    } catch (error) {
      this.end(reasonOf(error))
      throw new Error(this.#over)
    } finally {
      clearTimeout(tooLate)
    }
  }

  /** @param listener is told when it is over, at once if it is @returns an end to it */
  whenOver (listener: (reason: string) => void): () => void {
    if (this.#over === undefined) this.#listeners.add(listener)
    else listener(this.#over)
    return () => { this.#listeners.delete(listener) }
  }

  async run (script: ScriptName, keys: string[], args: Array<string | number>): Promise<unknown> {
    return await this.commands.evalsha(this.#scripts.get(script)!, keys.length, ...keys, ...args)
  }

  /** Whether both connections still carry something. @throws Error when one does not */
  async ping (): Promise<void> {
    await Promise.all([this.commands.ping(), this.subscriber.ping()])
  }

  end (reason: string): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.commands.disconnect()
    this.subscriber.disconnect()
    for (const listener of this.#listeners) listener(reason)
  }
}
