/** What the autoscaler does: see `decide.ts` for when. `hold`: it would do something, and cannot. */
export type ScalingAction = 'create' | 'replicate' | 'ready' | 'drain' | 'resume' | 'delete' | 'adopt' | 'forget' | 'hold'

/** Something that the autoscaler did, or could not do, with its reason in one sentence for whoever runs this. */
export interface ScalingDecision {
  at: Date
  action: ScalingAction
  /** The stage that it is about. */
  stageName?: string
  stageArn?: string
  reason: string
  /** Why it failed; absent where it did not. */
  problem?: string
}

/** What the routes and the operator's page know of the autoscaler. */
export interface Scaling {
  /** The last ones of all servers, newest first. */
  decisions (): readonly ScalingDecision[]
  /** Somebody waits for a seat and there is none: decide now, not at the next turn. @returns whether more seats may come; with the reason where not */
  wanted (): Promise<{ mayGrow: boolean, reason: string }>
  /** @returns an end to it */
  onDecision (listener: (decision: ScalingDecision) => void): () => void
}
