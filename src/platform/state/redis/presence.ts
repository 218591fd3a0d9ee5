import type { Log } from '../../../log.ts'
import { Listeners } from '../listeners.ts'
import type { PresenceTiming } from '../memory/presence.ts'
import { Register, type History, type Seen } from '../memory/register.ts'
import type { Member, Presence, PresenceOptions, PresenceSummary } from '../state.ts'
import type { Part, RedisConnection } from './connection.ts'
import type { Names } from './names.ts'
import { RecentMap } from './recent-map.ts'
import type { Session } from './session.ts'

export interface RedisPresenceOptions {
  connection: RedisConnection
  names: Names
  /** This server, as no other was ever called. */
  server: string
  /** So many who left while Redis was away are remembered. */
  maxLeft: number
  timing: PresenceTiming & {
    /** Nobody times out for so long after Redis was away. */
    graceMs: number
  }
  log: Log
}

/** Members that are announced, or taken out, at once. */
const AT_ONCE = 100
/** When nobody has looked for who timed out in so many turns, Redis was away. */
const MISSED_SWEEPS = 3

/** Kept in Redis for all servers, and here for those who came to this one: these are announced when Redis is back. */
export class RedisPresence implements Presence, Part {
  readonly #connection: RedisConnection
  readonly #names: Names
  readonly #server: string
  readonly #timing: RedisPresenceOptions['timing']
  readonly #timedOut: Listeners<[string, Member]>
  readonly #timer: NodeJS.Timeout
  #isSweeping = false
  /** Whom this server has seen, and what it has counted. */
  readonly #own = new Register()
  /** Places of which Redis does not know what this server does. */
  readonly #changed = new Set<string>()
  /** Who left while Redis was away, which may not know it. */
  readonly #left: RecentMap<string, { place: string, member: string, at: number }>
  /** Places that were forgotten meanwhile. */
  readonly #cleared: RecentMap<string, true>
  /** The last that was told something. */
  #session: Session | undefined

  constructor ({ connection, names, server, maxLeft, timing, log }: RedisPresenceOptions) {
    this.#connection = connection
    this.#names = names
    this.#server = server
    this.#timing = timing
    this.#timedOut = new Listeners(log, 'members that time out')
    this.#left = new RecentMap(maxLeft)
    this.#cleared = new RecentMap(maxLeft)
    this.#timer = setInterval(() => { void this.#sweep() }, timing.sweepMs).unref()
    connection.add(this)
  }

  get size (): number {
    return this.#own.size
  }

  get isBehind (): boolean {
    return this.#changed.size + this.#left.size + this.#cleared.size > 0
  }

  async join (place: string, member: string, { timeoutMs, data }: PresenceOptions): Promise<boolean> {
    const seen = await this.#see(place, member, { timeoutMs: Math.ceil(timeoutMs), data })
    if (seen !== undefined) return seen === 'joined'
    this.#left.delete(entryOf(place, member))
    this.#changed.add(place)
    return this.#own.join(place, member, { timeoutMs: Math.ceil(timeoutMs), data: structuredClone(data) }, Date.now())
  }

  async touch (place: string, member: string): Promise<boolean> {
    const seen = await this.#see(place, member, {})
    if (seen !== undefined) return seen !== 'absent'
    const isThere = this.#own.touch(place, member, Date.now())
    if (isThere) this.#changed.add(place)
    return isThere
  }

  async leave (place: string, member: string): Promise<boolean> {
    const answer = await this.#connection.use(async session => await this.#sayLeft(session, place, member, 0))
    if (answer === undefined) {
      const isThere = this.#own.leave(place, member, Date.now())
      // It may have come to another server.
      this.#noteLeft(place, member, Date.now())
      return isThere
    }
    this.#own.unlearnMember(place, member)
    if (answer !== null) this.#own.learnHistory(place, historyOf(answer), Date.now())
    return answer !== null
  }

  async members (place: string): Promise<Member[]> {
    const kept = await this.#connection.use(async ({ commands }) => await commands.call('HGETALL', this.#names.members(place)) as string[])
    if (kept === undefined) return structuredClone(this.#own.members(place))
    const members = pairsOf(kept).map(([member, text]) => memberOf(member, text))
    return members.sort((one, other) => one.joinedAt - other.joinedAt)
  }

  async summary (place: string): Promise<PresenceSummary> {
    const answers = await this.#connection.use(async ({ commands }) => await Promise.all([
      commands.hlen(this.#names.members(place)),
      commands.call('HGETALL', this.#names.history(place)) as Promise<string[]>
    ]))
    if (answers === undefined) return this.#own.summary(place)
    const [current, counted] = answers
    const history = pairsOf(counted)
    // Each server has a number of its own.
    const sum = (prefix: string) => history.reduce((total, [field, value]) => field.startsWith(prefix) ? total + Number(value) : total, 0)
    return { current, peak: sum('peak'), joins: sum('joins:'), accumulatedMs: sum('ms:') }
  }

  async places (): Promise<string[]> {
    return await this.#connection.use(async ({ commands }) => await commands.smembers(this.#names.places)) ?? this.#own.places()
  }

  async clear (place: string): Promise<void> {
    this.#own.clear(place)
    const isDone = await this.#connection.use(async session => {
      await this.#sayCleared(session, place)
      return true
    })
    if (isDone !== true) this.#cleared.set(place, true)
  }

  onTimeout (listener: (place: string, member: Member) => void): () => void {
    return this.#timedOut.add(listener)
  }

  async catchUp (session: Session): Promise<void> {
    if (session !== this.#session) {
      // Whatever the last one was told may not have arrived, or be lost.
      for (const place of this.#own.knownPlaces()) this.#changed.add(place)
      this.#session = session
    }
    for (const place of [...this.#cleared.keys()]) {
      await this.#sayCleared(session, place)
      this.#cleared.delete(place)
    }
    for (const [entry, left] of [...this.#left]) {
      await this.#sayLeft(session, left.place, left.member, Math.max(1, Date.now() - left.at))
      if (this.#left.get(entry) === left) this.#left.delete(entry)
    }
    for (const place of [...this.#changed]) {
      this.#changed.delete(place)
      await this.#announce(session, place)
    }
  }

  close (): void {
    clearInterval(this.#timer)
  }

  /** @returns undefined when Redis is away */
  async #see (place: string, member: string, { timeoutMs = '', data }: { timeoutMs?: number | '', data?: unknown }): Promise<'joined' | 'there' | 'absent' | undefined> {
    const args = [place, this.#server, member, timeoutMs, data === undefined ? '' : JSON.stringify(data)]
    const answer = await this.#connection.use(async session => await session.run('see', this.#keys(place), args)) as unknown[] | null | undefined
    if (answer === undefined) return undefined
    if (answer === null) {
      this.#own.unlearnMember(place, member)
      return 'absent'
    }
    const [joined, joinedAt, timeout, text, ...counted] = answer
    const now = Date.now()
    this.#own.learnMember(place, member, { joinedAt: Number(joinedAt), lastSeenAt: now, timeoutMs: Number(timeout), data: JSON.parse(String(text)) })
    this.#own.learnHistory(place, historyOf(counted), now)
    return joined === 1 ? 'joined' : 'there'
  }

  async #sayLeft (session: Session, place: string, member: string, agoMs: number): Promise<unknown[] | null> {
    return await session.run('leave', this.#keys(place), [place, this.#server, member, agoMs, this.#timing.keepMs]) as unknown[] | null
  }

  async #sayCleared (session: Session, place: string): Promise<void> {
    await session.run('clear', this.#keys(place), [place, this.#server])
  }

  /** All that this server knows of a place. */
  async #announce (session: Session, place: string): Promise<void> {
    const { members, history } = this.#own.inside(place) ?? {}
    if (members === undefined || history === undefined) return
    const all = [...members]
    let from = 0
    do {
      const some = all.slice(from, from + AT_ONCE).flatMap(([member, seen]) => announced(member, seen))
      await session.run('announce', this.#keys(place), [place, this.#server, this.#timing.keepMs, history.peak, history.joins, history.accumulatedMs, ...some])
      from += AT_ONCE
    } while (from < all.length)
  }

  /** Tells who timed out: of all servers, or, while Redis is away, of this one. */
  async #sweep (): Promise<void> {
    if (this.#isSweeping) return
    this.#isSweeping = true
    const now = Date.now()
    // While Redis is there, these have gone on to another server, or Redis takes them out.
    const own = this.#own.takeTimedOut(now)
    this.#own.forgetUnused(now, this.#timing.keepMs)
    let gone: Array<[string, string, string]> | undefined
    do {
      gone = await this.#connection.use(async session => await this.#takeTimedOut(session))
      for (const [place, member, text] of gone ?? []) this.#timedOut.tell(place, memberOf(member, text))
    } while (gone?.length === AT_ONCE)
    if (gone === undefined) {
      for (const { place, member } of own) {
        this.#noteLeft(place, member.member, member.lastSeenAt)
        this.#timedOut.tell(place, member)
      }
    }
    this.#isSweeping = false
  }

  async #takeTimedOut (session: Session): Promise<Array<[string, string, string]>> {
    const { sweepMs, graceMs, keepMs } = this.#timing
    const keys = [this.#names.due, this.#names.places, this.#names.sweep]
    return await session.run('sweep', keys, [this.#names.members(''), this.#names.history(''), MISSED_SWEEPS * sweepMs, graceMs, AT_ONCE, keepMs]) as Array<[string, string, string]>
  }

  #noteLeft (place: string, member: string, at: number): void {
    this.#left.set(entryOf(place, member), { place, member, at })
    if (this.#own.inside(place) !== undefined) this.#changed.add(place)
  }

  #keys (place: string): string[] {
    return [this.#names.members(place), this.#names.history(place), this.#names.due, this.#names.places]
  }
}

function entryOf (place: string, member: string): string {
  return `${place.length}:${place}${member}`
}

/** As Redis answers with hashes. */
function pairsOf (flat: string[]): Array<[string, string]> {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!])
}

function historyOf ([peak, joins, accumulatedMs]: unknown[]): History {
  return { peak: Number(peak), joins: Number(joins), accumulatedMs: Number(accumulatedMs) }
}

function announced (member: string, { joinedAt, lastSeenAt, timeoutMs, data }: Seen): Array<string | number> {
  return [member, joinedAt, Math.max(0, Date.now() - lastSeenAt), timeoutMs, JSON.stringify(data)]
}

/** @param text as it is kept: see scripts.ts */
function memberOf (member: string, text: string): Member {
  const [joinedAt, lastSeenAt] = text.split(' ', 2).map(Number)
  return { member, joinedAt: joinedAt!, lastSeenAt: lastSeenAt!, data: JSON.parse(text.split(' ').slice(3).join(' ')) }
}
