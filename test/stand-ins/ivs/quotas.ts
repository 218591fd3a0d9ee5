/** What an account may have at once in a region (docs.aws.amazon.com/ivs/latest/RealTimeUserGuide/service-quotas.html). */
export const AWS_QUOTAS = {
  stages: 1_000,
  /** In a stage. */
  publishers: 12,
  publicKeys: 3,
  /** Of a participant. */
  replicas: 5
}

export type Quotas = typeof AWS_QUOTAS
