/** `master`: where the publisher is. `auto-scaled`: ours to make and to delete. `custom`: made by somebody through the API. */
export type StageRole = 'master' | 'auto-scaled' | 'custom'

/**
 * ```
 * starting -> ready -> draining -> deleting -> (gone)
 *    |          ^         |
 *    |          +---------+   wanted again
 *    +-> deleting             could not be made ready
 * ```
 * Seats are given on `ready` stages, where there is a way for the media or nobody publishes; who sits on a `draining`
 * one may stay. Master and custom stages are `ready` from the beginning and are never drained.
 */
export type StagePhase = 'starting' | 'ready' | 'draining' | 'deleting'

/** How what is published gets to a stage. `source`: it is published there; `relay`: a media server publishes it there; `none`: not at all. */
export type MediaPath = 'source' | 'replica' | 'relay' | 'none'

/** Addresses of a stage that tokens of our own name (reference: CreateStage.endpoints). */
export interface StageEndpoints {
  events?: string
  whip?: string
  rtmp?: string
  rtmps?: string
}

/** A stage, as this installation knows it: the same for all servers. */
export interface Stage {
  arn: string
  name: string
  role: StageRole
  tags: Record<string, string>
  createdAt: Date
  phase: StagePhase
  /** Since when it is in this phase. */
  phaseSince: Date
  mediaPath: MediaPath
  endpoints: StageEndpoints
}

/** Who publishes, as far as is known. */
export interface PublisherState {
  isLive: boolean
  /** It could not be found out since the server started: somebody may be live, though `isLive` is false. */
  isUnknown?: true
  /** Of the publication that is live; undefined where nobody is. */
  participantId?: string
  /** The session of the stage that it is live in, where the provider has any. */
  sessionId?: string
  /** When this was found out. */
  asOf: Date
  /** `poll`: the provider was asked; `event`: it told. */
  source: 'poll' | 'event'
}

/** What all servers of an installation know of its stages. Reading is from memory: what this server last heard of. */
export interface StageDirectory {
  /** The master first, then by age. */
  all (): readonly Stage[]
  find (arn: string): Stage | undefined
  /** Reads again what other servers may have written. */
  refresh (): Promise<void>
  /**
   * One that is there already stays as it is.
   * @param most only where there are fewer stages than these, counted over all servers
   * @throws HeadwaterError `STAGE_LIMIT_REACHED`
   */
  add (stage: Stage, most?: number): Promise<void>
  /** `phaseSince` follows from `phase`. @returns false where it is gone */
  change (arn: string, changes: Partial<Pick<Stage, 'phase' | 'mediaPath' | 'tags' | 'endpoints'>>): Promise<boolean>
  remove (arn: string): Promise<void>
  /** Told after each change, on every server. @returns an end to it */
  onChange (listener: () => void): () => void
}

/** Who publishes, followed. Every server has one. */
export interface PublisherWatch {
  current (): PublisherState
  /** Asks the provider now, here and on the other servers. */
  refresh (): Promise<PublisherState>
  /** Told when somebody goes on air, goes off it, or comes back as another participant. @returns an end to it */
  onChange (listener: (state: PublisherState) => void): () => void
}
