import { TokenBucket } from '../../../src/token-bucket.ts'
import { awsError } from './aws-error.ts'

const A_SECOND = { CreateParticipantToken: 50, keys: 3, tags: 10, others: 5 }

/** How often the account may ask: so much a second for each operation (docs.aws.amazon.com/ivs/latest/RealTimeUserGuide/service-quotas.html). */
export class RequestRates {
  readonly #buckets = new Map<string, TokenBucket>()

  /** @throws AwsError 429 */
  take (operation: string): void {
    const now = performance.now()
    let bucket = this.#buckets.get(operation)
    if (bucket === undefined) {
      bucket = new TokenBucket(aSecond(operation), 1_000, now)
      this.#buckets.set(operation, bucket)
    }
    if (!bucket.hasRoom(now)) throw awsError('ThrottlingException', 'Rate exceeded')
    bucket.take(1, now)
  }
}

function aSecond (operation: string): number {
  if (operation === 'CreateParticipantToken') return A_SECOND.CreateParticipantToken
  if (operation.includes('PublicKey')) return A_SECOND.keys
  return operation.includes('Resource') ? A_SECOND.tags : A_SECOND.others
}
