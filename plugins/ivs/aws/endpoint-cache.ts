import { RecentMap } from '../../../src/recent-map.ts'
import type { StageEndpoints } from '../stage.ts'

/** AWS says that they may be kept for so long (reference: CreateStage.endpoints). */
const KEPT_MS = 1_209_600_000
const MAX_STAGES = 1_000

/** Addresses of stages: lists do not have them, and tokens that are signed here need them. */
export class EndpointCache {
  readonly #known = new RecentMap<string, { endpoints: StageEndpoints, untilMs: number }>(MAX_STAGES)

  get (arn: string, nowMs: number): StageEndpoints | undefined {
    const known = this.#known.get(arn)
    return known !== undefined && nowMs < known.untilMs ? known.endpoints : undefined
  }

  set (arn: string, endpoints: StageEndpoints, nowMs: number): void {
    this.#known.set(arn, { endpoints, untilMs: nowMs + KEPT_MS })
  }

  delete (arn: string): void {
    this.#known.delete(arn)
  }
}
