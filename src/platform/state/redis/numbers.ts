import { inTurns, portions } from '../../../at-once.ts'
import { RecentMap } from '../../../recent-map.ts'
import type { RedisConnection, Part } from './connection.ts'
import type { Names } from './names.ts'
import type { Session } from './session.ts'

/** A server that has not said anything for so long is forgotten: what it says then may be counted twice. */
const SERVER_SECONDS = 86_400

/** What is to be done to a number in Redis. */
interface Addition {
  by: number
  /** In milliseconds; 0: it stays. -1: only where one is open, and not below 0. */
  windowMs: number
  /** It begins at 0 first. */
  removed: boolean
}

/** Something that is told later. */
interface Owed extends Addition {
  /** Too late after that; on a monotonic clock. */
  until: number
}

/** A number that something is done to. */
interface Target {
  /** In Redis. */
  name: string
  /** Too late after that; on a monotonic clock. */
  until: number
}

/** The same is done to all targets in one step. */
interface Command extends Addition {
  number: number
  targets: readonly Target[]
  /** Whom it was said to last. */
  session: Session
}

/** Commands that are said without waiting for each other's answer, and targets of one: Redis does nothing else meanwhile. */
const AT_ONCE = 100

export interface NumberInRedis {
  value: number
  /** Whole milliseconds; not positive when it has no window. */
  endsInMs: number
}

export interface NumbersOptions {
  connection: RedisConnection
  names: Names
  /** This server, as no other was ever called. */
  server: string
  /** So many numbers are remembered while Redis is away. */
  maxOwed: number
}

/**
 * Additions to numbers that other servers add to as well, each of which counts exactly once: those that Redis did not
 * answer are said again when it is back, and it knows whether it has done them; those that could not be said are then.
 */
export class Numbers implements Part {
  readonly #connection: RedisConnection
  readonly #names: Names
  readonly #server: string
  #number = 0
  /** The last that was told something. */
  #session: Session | undefined
  /** In their order. */
  readonly #unanswered = new Set<Command>()
  /** By the number's name in Redis. */
  readonly #owed: RecentMap<string, Owed>

  constructor ({ connection, names, server, maxOwed }: NumbersOptions) {
    this.#connection = connection
    this.#names = names
    this.#server = server
    this.#owed = new RecentMap(maxOwed)
    connection.add(this)
  }

  get isBehind (): boolean {
    return this.#owed.size > 0 || this.#fromBefore().length > 0
  }

  /**
   * @param keepMs how long it makes sense to tell it later
   * @returns undefined when Redis is away: it is told later
   */
  async add (name: string, addition: Addition, keepMs = Infinity): Promise<NumberInRedis | undefined> {
    const added = await this.addAll([{ name, keepMs }], addition)
    return added?.[0]
  }

  /** The same to many numbers, in one round trip. @returns in their order */
  async addAll (numbers: ReadonlyArray<{ name: string, keepMs: number }>, addition: Addition): Promise<NumberInRedis[] | undefined> {
    const now = performance.now()
    const targets = numbers.map(({ name, keepMs }): Target => ({ name, until: now + keepMs }))
    let isSaid = false
    return await this.#connection.use<NumberInRedis[] | undefined>(async session => {
      isSaid = true
      const answers = portions(targets, AT_ONCE).map(async some => await this.#say({ ...addition, number: ++this.#number, targets: some, session }))
      return (await Promise.all(answers)).flat()
    }, () => {
      if (!isSaid) for (const { name, until } of targets) this.#owe(name, { ...addition, until })
      return undefined
    })
  }

  async catchUp (session: Session): Promise<void> {
    const now = performance.now()
    this.#session = session
    await inTurns(this.#fromBefore(), AT_ONCE, async command => {
      this.#unanswered.delete(command)
      const targets = command.targets.filter(({ until }) => until > now)
      if (targets.length > 0) await this.#say({ ...command, targets, session })
    })
    await inTurns([...this.#owed], AT_ONCE, async ([name, owed]) => {
      this.#owed.delete(name)
      const leftMs = owed.until - now
      if (leftMs <= 0 || (owed.by === 0 && !owed.removed)) return
      // A window that Redis does not know is the rest of ours.
      const windowMs = owed.windowMs > 0 ? Math.ceil(leftMs) : owed.windowMs
      await this.#say({ ...owed, windowMs, number: ++this.#number, targets: [{ name, until: owed.until }], session })
    })
  }

  /** What earlier sessions did not answer. */
  #fromBefore (): Command[] {
    return [...this.#unanswered].filter(({ session }) => session !== this.#session)
  }

  /** What is not answered stays, to be said again. */
  async #say (command: Command): Promise<NumberInRedis[]> {
    this.#unanswered.add(command)
    const { session, number, targets, by, windowMs, removed } = command
    const answer = await session.run('add', [this.#names.server(this.#server), ...targets.map(({ name }) => name)], [number, by, windowMs, SERVER_SECONDS, removed ? 'remove' : '']) as number[] | null
    this.#unanswered.delete(command)
    return targets.map((_, index) => ({ value: answer?.[2 * index] ?? 0, endsInMs: answer?.[2 * index + 1] ?? 0 }))
  }

  #owe (name: string, owed: Owed): void {
    const before = owed.removed ? undefined : this.#owed.get(name)
    this.#owed.set(name, before === undefined
      ? owed
      : { ...before, by: before.by + owed.by, windowMs: Math.max(before.windowMs, owed.windowMs), until: Math.max(before.until, owed.until) })
  }
}
