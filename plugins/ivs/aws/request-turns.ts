import { setTimeout as delay } from 'node:timers/promises'
import type { IvsConfig } from '../../../src/config/ivs.ts'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { TokenBucket } from '../../../src/token-bucket.ts'
import type { Operation } from './operations.ts'

export type TurnSettings = Pick<IvsConfig, 'requestsPerSecond' | 'tokensPerSecond' | 'requestQueueMs'>

/** When each request to AWS may go: it counts them by operation, and so does this. */
export class RequestTurns {
  readonly #settings: TurnSettings
  readonly #buckets = new Map<Operation, TokenBucket>()

  constructor (settings: TurnSettings) {
    this.#settings = settings
  }

  /**
   * Waits for a turn.
   * @throws HeadwaterError `STAGES_UNAVAILABLE` at once, with the time that it would have been, when that is too long
   * @throws the signal's reason
   */
  async take (operation: Operation, signal: AbortSignal): Promise<void> {
    const { requestQueueMs } = this.#settings
    const bucket = this.#bucketOf(operation)
    const retryAfterMs = bucket.wait(1, performance.now())
    if (retryAfterMs > requestQueueMs) throw new HeadwaterError('STAGES_UNAVAILABLE', { message: `Too many requests to AWS wait already (${operation}): try again`, retryAfterMs })
    const waitMs = bucket.take(1, performance.now())
    if (waitMs > 0) await delay(waitMs, undefined, { signal })
  }

  #bucketOf (operation: Operation): TokenBucket {
    let bucket = this.#buckets.get(operation)
    if (bucket === undefined) {
      bucket = new TokenBucket(operation === 'CreateParticipantToken' ? this.#settings.tokensPerSecond : this.#settings.requestsPerSecond, 1_000, performance.now())
      this.#buckets.set(operation, bucket)
    }
    return bucket
  }
}
