import type { Log } from '../../../log.ts'
import { mustBeTime } from '../check.ts'
import { jsonCopy } from '../json.ts'
import { Listeners } from '../listeners.ts'
import type { PresenceTiming } from '../memory/presence.ts'
import { Register, type History, type Seen } from '../memory/register.ts'
import type { Member, Presence, PresenceOptions, PresenceSummary, Seat, SeatOffer, Stay } from '../state.ts'
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
  /** Whom this server has seen, and what it has counted. */
  readonly #own: Register
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
    this.#own = new Register(timing.staysMs)
    this.#timedOut = new Listeners(log, 'members that time out')
    this.#left = new RecentMap(maxLeft)
    this.#cleared = new RecentMap(maxLeft)
    connection.add(this)
  }

  get size (): number {
    return this.#own.size
  }

  get isBehind (): boolean {
    return this.#changed.size + this.#left.size + this.#cleared.size > 0
  }

  async join (place: string, member: string, { timeoutMs, data }: PresenceOptions): Promise<boolean> {
    mustBeTime('timeoutMs', timeoutMs)
    const options = { timeoutMs: Math.ceil(timeoutMs), data: jsonCopy(data) }
    return await this.#connection.use(async session => await this.#saySeen(session, place, member, options) === 'joined', () => {
      this.#left.delete(entryOf(place, member))
      this.#changed.add(place)
      return this.#own.join(place, member, options, Date.now())
    })
  }

  async touch (place: string, member: string): Promise<boolean> {
    return await this.#connection.use(async session => await this.#saySeen(session, place, member) !== 'absent', () => {
      const isThere = this.#own.touch(place, member, Date.now())
      if (isThere) this.#changed.add(place)
      return isThere
    })
  }

  async leave (place: string, member: string): Promise<boolean> {
    // Before Redis has answered: until then it could be announced.
    const wasThere = this.#own.leave(place, member, Date.now())
    return await this.#connection.use(async session => await this.#sayLeft(session, place, member), () => {
      const isThere = this.#own.leave(place, member, Date.now())
      // It may have come to another server.
      this.#noteLeft(place, member, Date.now())
      return isThere || wasThere
    })
  }

  async members (place: string): Promise<Member[]> {
    return await this.#connection.use(async ({ commands }) => {
      const kept = pairsOf(await commands.call('HGETALL', this.#names.members(place)) as string[])
      return kept.map(([member, text]) => memberOf(member, text)).sort((one, other) => one.joinedAt - other.joinedAt)
    }, () => structuredClone(this.#own.members(place)))
  }

  async summary (place: string): Promise<PresenceSummary> {
    return await this.#connection.use(async ({ commands }) => {
      const [current, counted] = await Promise.all([
        commands.hlen(this.#names.members(place)),
        commands.call('HGETALL', this.#names.history(place)) as Promise<string[]>
      ])
      // Each server has fields of its own.
      const sum = (prefix: string) => pairsOf(counted).reduce((total, [field, value]) => field.startsWith(prefix) ? total + Number(value) : total, 0)
      return { current, peak: Math.max(current, sum('peak')), joins: sum('joins:'), accumulatedMs: sum('ms:') }
    }, () => this.#own.summary(place))
  }

  async places (): Promise<string[]> {
    return await this.#connection.use(async ({ commands }) => await commands.smembers(this.#names.places), () => this.#own.places())
  }

  async takeSeat (_pool: string, _member: string, _offers: readonly SeatOffer[], _options: PresenceOptions): Promise<Seat | undefined> {
    throw new Error('seats are not kept in Redis yet')
  }

  async seatOf (_pool: string, _member: string): Promise<string | undefined> {
    throw new Error('seats are not kept in Redis yet')
  }

  async closeIfEmpty (_place: string): Promise<boolean> {
    throw new Error('places are not closed in Redis yet')
  }

  async counts (_places: readonly string[]): Promise<number[]> {
    throw new Error('counts are not kept in Redis yet')
  }

  async stay (_place: string, _member: string): Promise<Stay | undefined> {
    throw new Error('stays are not kept in Redis yet')
  }

  async clear (place: string): Promise<void> {
    this.#own.clear(place)
    await this.#connection.use(async session => await this.#sayCleared(session, place), () => { this.#cleared.set(place, true) })
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

  /** Tells who timed out: of all servers, or, while Redis is away, of this one. */
  async sweep (): Promise<void> {
    const now = Date.now()
    // While Redis is there, these have gone on to another server, or Redis takes them out.
    const own = this.#own.takeTimedOut(now)
    this.#own.forgetUnused(now, this.#timing.keepMs)
    let gone: Array<[string, string, string]> | undefined
    do {
      gone = await this.#connection.tryTo(async session => await this.#takeTimedOut(session))
      for (const [place, member, text] of gone ?? []) this.#timedOut.tell(place, memberOf(member, text))
    } while (gone?.length === AT_ONCE)
    if (gone !== undefined) return
    for (const { place, member } of own) {
      this.#noteLeft(place, member.member, member.lastSeenAt)
      this.#timedOut.tell(place, member)
    }
  }

  /** What Redis answers is learned at once, so that it is learned in its order. */
  async #saySeen (session: Session, place: string, member: string, { timeoutMs, data }: Partial<PresenceOptions> = {}): Promise<'joined' | 'there' | 'absent'> {
    const answer = await session.run('see', this.#keys(place), [place, this.#server, member, timeoutMs ?? '', data === undefined ? '' : JSON.stringify(data)]) as unknown[] | null
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

  /** @param agoMs it did so some time ago, while Redis was away: then only if nobody has seen it since */
  async #sayLeft (session: Session, place: string, member: string, agoMs = 0): Promise<boolean> {
    const counted = await session.run('leave', this.#keys(place), [place, this.#server, member, agoMs, this.#timing.keepMs]) as unknown[] | null
    if (agoMs === 0) {
      this.#own.unlearnMember(place, member)
      if (counted !== null) this.#own.learnHistory(place, historyOf(counted), Date.now())
    }
    return counted !== null
  }

  async #sayCleared (session: Session, place: string): Promise<void> {
    await session.run('clear', this.#keys(place), [place, this.#server])
  }

  /** All that this server knows of a place; of a member at the moment at which that is said. */
  async #announce (session: Session, place: string): Promise<void> {
    const names = [...this.#own.inside(place)?.members.keys() ?? []]
    let from = 0
    do {
      const { members, history } = this.#own.inside(place) ?? {}
      if (members === undefined || history === undefined) return
      const some = names.slice(from, from + AT_ONCE).flatMap(name => members.has(name) ? announced(name, members.get(name)!) : [])
      await session.run('announce', this.#keys(place), [place, this.#server, this.#timing.keepMs, history.peak, history.joins, history.accumulatedMs, ...some])
      from += AT_ONCE
    } while (from < names.length)
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
