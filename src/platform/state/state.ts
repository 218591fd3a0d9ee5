import type { Allowance } from '../../http/count-windows.ts'

export type { Allowance } from '../../http/count-windows.ts'

/**
 * What several servers of one installation know together: in memory for one, in Redis for many. Names, keys, places and
 * members are any text; names of one kind do not meet those of another.
 */
export interface State {
  readonly kind: 'memory' | 'redis'
  /** Memory is always connected. While Redis is not, this server goes on with what it knows itself, and catches up afterwards. */
  readonly connection: 'connected' | 'disconnected'
  readonly limits: RateLimits
  readonly counters: Counters
  readonly presence: Presence
  readonly channels: Channels
  readonly locks: Locks
  figures (): StateFigures
  /** Gives up its locks. Members stay: they may go on at another server. */
  close (): Promise<void>
}

/** For whoever watches over this server. */
export interface StateFigures {
  /** Members that this server has seen, in all places. */
  members: number
  /** Keys whose limits it counts. */
  limitKeys: number
  /** How often it answered with what it knows itself, because Redis was away. */
  answeredAlone: number
}

/** How often something may be done. What is remembered is bounded. While Redis is gone each server counts for itself. */
export interface RateLimits {
  /** Counts one. A key's window begins with the first that is counted in it; a key has one length. */
  take (key: string, max: number, windowMs: number): Promise<Allowance>
  /** The same for many keys at once, each by itself. One that is there twice counts twice. @returns in their order */
  takeAll (keys: readonly string[], max: number, windowMs: number): Promise<Allowance[]>
  /** One that was counted shall not count after all. */
  giveBack (key: string): Promise<void>
}

/** Whole numbers by name; one that nobody has added to is 0. While Redis is gone each server adds to what it knew last. */
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
  /** What the feature wants to know of it; null when it said nothing. */
  data: unknown
}

/** Who came to a place, over time. */
export interface PresenceSummary {
  current: number
  /** Most at the same time. */
  peak: number
  /** How often somebody joined. */
  joins: number
  /** How long all of them were there together, each until it left or was last seen. */
  accumulatedMs: number
}

export interface PresenceOptions {
  /** Who is not seen for so long is gone. */
  timeoutMs: number
  /** JSON. */
  data?: unknown
  /** How long it stays is remembered after it left: see `stay`. Whoever was there once takes memory for that. */
  keepsStay?: boolean
}

/** Somebody was seen in a place. */
export interface Sighting {
  place: string
  member: string
}

export interface SeatOffer {
  place: string
  /** So many members may be in it. */
  seats: number
}

export interface Seat {
  place: string
  /** False: it had this seat before. */
  isNew: boolean
  /** Members of the place who have not timed out, this one included. */
  members: number
}

export interface Stay {
  /** It is there, and has not timed out. */
  isThere: boolean
  /** When it first joined, and when it was last seen; milliseconds since 1970. */
  firstJoinedAt: number
  lastSeenAt: number
  totalMs: number
}

/**
 * Who is where. While Redis is gone each server knows those who came to itself: it gives seats by what it knows, so that
 * afterwards a place may have more members than seats; nobody is thrown out. Who got a seat in two places of a pool
 * meanwhile keeps the one where it was last seen.
 */
export interface Presence {
  /**
   * Joins, or is seen again: then only `lastSeenAt` and, where it is given, `data` change.
   * @returns whether it joined; false where the place is closed: then nothing has changed
   */
  join (place: string, member: string, options: PresenceOptions): Promise<boolean>
  /** Seen again. @returns whether it was there; false too where it has timed out and had a seat, which may be somebody else's by now */
  touch (place: string, member: string): Promise<boolean>
  /** The same for many at once. @returns in their order */
  touchAll (sightings: readonly Sighting[]): Promise<boolean[]>
  /** Its seat is given back. @returns whether it was there */
  leave (place: string, member: string): Promise<boolean>
  /** Oldest first. Who has timed out is among them until that is told. */
  members (place: string): Promise<Member[]>
  summary (place: string): Promise<PresenceSummary>
  /** Places in which somebody is. */
  places (): Promise<string[]>
  /**
   * Gives a member a seat in one of several places, in one step over all servers: of a pool a member has one seat at
   * most. Who has one in a place that is offered keeps it, whether there is room or not, and is seen again. Otherwise it
   * gets one in the place that has room and the fewest members, of these the one that is offered first; its seat in
   * another place is given back in the same step. Who has timed out takes no room, and keeps its seat only while there is
   * some. Who joined a place without a seat takes room. A closed place gives no seat.
   * @param pool a place belongs to one
   * @returns undefined where none of them has room: then nothing has changed
   */
  takeSeat (pool: string, member: string, offers: readonly SeatOffer[], options: PresenceOptions): Promise<Seat | undefined>
  /** Where a member of the pool has its seat. */
  seatOf (pool: string, member: string): Promise<string | undefined>
  /**
   * Closes a place if nobody is in it, until it is cleared: nobody can take a seat in it or join it. Who has timed out is
   * in it until that is told. It opens by itself when it is forgotten, or when Redis loses what it knew; and servers that
   * go on without Redis do not know of it.
   * @returns whether it is closed, and nobody in it; false while Redis is gone: then nobody can know
   */
  closeIfEmpty (place: string): Promise<boolean>
  /** How many are in each of these places who have not timed out, in the same order. */
  counts (places: readonly string[]): Promise<number[]>
  /**
   * How long a member was in a place in all its stays, this one included, each until it left or was last seen. Kept for
   * `PRESENCE_STAYS_HOURS` after it left, in Redis alone: what that loses is lost.
   * @returns undefined for who was not there, or joined without `keepsStay`
   */
  stay (place: string, member: string): Promise<Stay | undefined>
  /** Forgets a place with all that was counted there, and opens it again. Otherwise that happens when nobody was there for `PRESENCE_KEEP_HOURS`. */
  clear (place: string): Promise<void>
  /** Told once for each member that timed out, on one server; not at all if Redis goes away at that moment. @returns an end to it */
  onTimeout (listener: (place: string, member: Member) => void): () => void
}

/** Messages to all servers, this one included. While Redis is gone only this one hears them, and what others said meanwhile is not told later. */
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
  /** Takes a lock and renews it until it is released. @returns undefined when somebody else has it, and while Redis is gone: then nobody can know */
  take (name: string, leaseMs: number): Promise<Lease | undefined>
}
