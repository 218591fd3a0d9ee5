/** What several servers of one installation know together: in memory for one, in Redis for many. */
export interface State {
  readonly kind: 'memory' | 'redis'
  readonly limits: RateLimits
  readonly counters: Counters
  readonly presence: Presence
  readonly channels: Channels
  readonly locks: Locks
  /** Memory is always connected. While Redis is not, this server goes on with what it knows itself, and catches up afterwards. */
  readonly connection: 'connected' | 'disconnected'
  close (): Promise<void>
}

/** What is left of a window. */
export interface Allowance {
  /** How many more may come; negative: so many too many have. */
  left: number
  /** Until the window is over, in whole milliseconds. */
  endsInMs: number
}

/** How often something may be done. What is remembered is bounded. */
export interface RateLimits {
  /** Counts one. A key's window begins with the first that is counted in it. */
  take (key: string, max: number, windowMs: number): Promise<Allowance>
  /** One that was counted shall not count after all. */
  giveBack (key: string): Promise<void>
}

/** Numbers by name; one that nobody has added to is 0. */
export interface Counters {
  /** @returns what it is then */
  add (name: string, by?: number): Promise<number>
  get (name: string): Promise<number>
  remove (name: string): Promise<void>
}

/** Somebody who is in a place: a viewer on a stage, a participant in a meeting. */
export interface Member {
  member: string
  /** Milliseconds since 1970. */
  joinedAt: number
  lastSeenAt: number
  /** What the feature wants to know of it. */
  data: unknown
}

/** Who came to a place, over time. */
export interface PresenceSummary {
  current: number
  /** Most at the same time. */
  peak: number
  /** How often somebody joined. */
  joins: number
  /** How long all of them were there together, those who still are included. */
  accumulatedMs: number
}

export interface PresenceOptions {
  /** Who is not seen for so long is gone. */
  timeoutMs: number
  data?: unknown
}

/** Who is where. */
export interface Presence {
  /** Joins, or is seen again: then only `lastSeenAt` and, where it is given, `data` change. @returns whether it joined */
  join (place: string, member: string, options: PresenceOptions): Promise<boolean>
  /** Seen again. @returns whether it was there */
  touch (place: string, member: string): Promise<boolean>
  /** @returns whether it was there */
  leave (place: string, member: string): Promise<boolean>
  /** Oldest first. */
  members (place: string): Promise<Member[]>
  summary (place: string): Promise<PresenceSummary>
  /** Places in which somebody is. */
  places (): Promise<string[]>
  /** Forgets a place with all that was counted there. */
  clear (place: string): Promise<void>
  /** Told once for each member that timed out, on one server. @returns an end to it */
  onTimeout (listener: (place: string, member: Member) => void): () => void
}

/** Messages to all servers, this one included. While Redis is gone only this one hears them. */
export interface Channels {
  /** @param message JSON */
  publish (channel: string, message: unknown): Promise<void>
  /** @returns an end to it */
  subscribe (channel: string, listener: (message: unknown) => void): Promise<() => Promise<void>>
}

/** Something that one server at a time may do. */
export interface Lease {
  /** Aborted when the lease is over and was not given back: somebody else may have it now. */
  readonly lost: AbortSignal
  release (): Promise<void>
}

export interface Locks {
  /** Takes a lock and renews it until it is released. @returns undefined when somebody else has it */
  take (name: string, leaseMs: number): Promise<Lease | undefined>
}
