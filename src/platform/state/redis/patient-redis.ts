import { Redis, type RedisOptions } from 'ioredis'

/**
 * A client whose commands fail when Redis does not answer them in time. An answer that came in time, and that this process
 * was too busy to read, is none that is late: ioredis' own `commandTimeout` takes it for one.
 */
export class PatientRedis extends Redis {
  readonly #commandMs: number

  constructor (url: string, options: Omit<RedisOptions, 'replyMapping'>, commandMs: number) {
    super(url, options)
    this.#commandMs = commandMs
  }

  override sendCommand (...args: Parameters<Redis['sendCommand']>): Promise<unknown> {
    const answer = super.sendCommand(...args) as Promise<unknown>
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // Sockets are read between timers and this.
        setImmediate(() => reject(new Error('Command timed out')))
      }, this.#commandMs)
      answer.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}
