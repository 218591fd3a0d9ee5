import type { PresenceTiming } from '../memory/presence.ts'
import type { History, Seen } from '../memory/register.ts'
import type { EndedStays } from '../memory/stays.ts'
import type { KeptOptions } from '../presence-options.ts'
import type { Member, Seat, SeatOffer, Stay } from '../state.ts'
import type { Names } from './names.ts'
import { historyOf, memberOf, poolText, seenOf } from './record.ts'
import type { ScriptName } from './lua/index.ts'
import type { Session } from './session.ts'

export type RegisterTiming = PresenceTiming & {
  /** Nobody times out for so long after Redis was away. */
  graceMs: number
}

/** Members that are seen, announced, or taken out, at once. */
export const AT_ONCE = 100
/** When nobody has looked for who timed out in so many turns, Redis was away. */
const MISSED_SWEEPS = 3

/** The register that Redis keeps, as one server asks for it: each call is one round trip. */
export class RegisterCalls {
  readonly #names: Names
  readonly #server: string
  readonly #timing: RegisterTiming

  /** @param server as no other was ever called */
  constructor (names: Names, server: string, timing: RegisterTiming) {
    this.#names = names
    this.#server = server
    this.#timing = timing
  }

  /** @returns undefined where it cannot come */
  async join (session: Session, place: string, member: string, options: KeptOptions): Promise<{ joined: boolean, seen: Seen, history: History } | undefined> {
    const answer = await this.#run(session, 'join', [place, member, options.timeoutMs, options.keepsStay ? 1 : 0, dataText(options)]) as [number, string, unknown[]] | null
    return answer === null ? undefined : { joined: answer[0] === 1, seen: seenOf(answer[1]), history: historyOf(answer[2]) }
  }

  /** @param members `AT_ONCE` at most. @returns for each, in their order, undefined where it is not there */
  async touch (session: Session, place: string, members: readonly string[]): Promise<{ seen: Array<Seen | undefined>, history: History }> {
    const [counted, touched] = await this.#run(session, 'touch', [place, ...members]) as [unknown[], Array<string | null>]
    return { seen: touched.map(record => record === null ? undefined : seenOf(record)), history: historyOf(counted) }
  }

  /** @param before it did so some time ago: then only if nobody has seen it since. @returns undefined where it is not there */
  async leave (session: Session, place: string, member: string, before?: { agoMs: number, stays: EndedStays | undefined }): Promise<History | undefined> {
    const { firstJoinedAt = 0, totalMs = 0 } = before?.stays ?? {}
    const counted = await this.#run(session, 'leave', [place, member, before?.agoMs ?? 0, firstJoinedAt, totalMs]) as unknown[] | null
    return counted === null ? undefined : historyOf(counted)
  }

  /** @returns undefined where there is no room */
  async takeSeat (session: Session, pool: string, member: string, offers: readonly SeatOffer[], options: KeptOptions): Promise<{ seat: Seat, seen: Seen, history: History, left?: { place: string, history: History } } | undefined> {
    const args = [member, options.timeoutMs, options.keepsStay ? 1 : 0, poolText(pool), dataText(options), ...offers.flatMap(({ place, seats }) => [place, seats])]
    const answer = await this.#run(session, 'takeSeat', args) as [string, number, number, string, unknown[], string?, unknown[]?] | null
    if (answer === null) return undefined
    const [place, isNew, members, record, counted, left, countedThere] = answer
    return {
      seat: { place, isNew: isNew === 1, members },
      seen: seenOf(record),
      history: historyOf(counted),
      ...left !== undefined && { left: { place: left, history: historyOf(countedThere!) } }
    }
  }

  async seatOf ({ commands }: Session, pool: string, member: string): Promise<string | undefined> {
    return await commands.hget(this.#names.seats(poolText(pool)), member) ?? undefined
  }

  async closeIfEmpty (session: Session, place: string): Promise<boolean> {
    return await this.#run(session, 'closeIfEmpty', [place]) === 1
  }

  async counts (session: Session, places: readonly string[]): Promise<number[]> {
    return await this.#run(session, 'counts', [...places]) as number[]
  }

  async stay (session: Session, place: string, member: string): Promise<Stay | undefined> {
    const answer = await this.#run(session, 'stay', [place, member]) as [number, number, number, number] | null
    if (answer === null) return undefined
    const [isThere, firstJoinedAt, lastSeenAt, totalMs] = answer
    return { isThere: isThere === 1, firstJoinedAt, lastSeenAt, totalMs }
  }

  async members ({ commands }: Session, place: string): Promise<Member[]> {
    const kept = pairsOf(await commands.call('HGETALL', this.#names.present(place)) as string[])
    return kept.map(([member, record]) => memberOf(member, record)).sort((one, other) => one.joinedAt - other.joinedAt)
  }

  async summary ({ commands }: Session, place: string): Promise<History & { current: number }> {
    const [current, counted] = await Promise.all([
      commands.hlen(this.#names.present(place)),
      commands.call('HGETALL', this.#names.history(place)) as Promise<string[]>
    ])
    // Each server has fields of its own.
    const sum = (prefix: string) => pairsOf(counted).reduce((total, [field, value]) => field.startsWith(prefix) ? total + Number(value) : total, 0)
    return { current, peak: Math.max(current, sum('peak')), joins: sum('joins:'), accumulatedMs: sum('ms:') }
  }

  async places ({ commands }: Session): Promise<string[]> {
    return await commands.zrange(this.#names.places, '0', '-1')
  }

  async clear (session: Session, place: string): Promise<void> {
    await this.#run(session, 'clear', [place])
  }

  /** @param members `AT_ONCE` at most. @returns those who were seen later elsewhere in their pool: they are not there */
  async announce (session: Session, place: string, { peak, joins, accumulatedMs }: History, members: Array<[string, Seen]>): Promise<string[]> {
    const [, refused] = await this.#run(session, 'announce', [place, peak, joins, accumulatedMs, ...members.flatMap(announced)]) as [unknown, string[]]
    return refused
  }

  /** Takes out `AT_ONCE` at most. */
  async takeTimedOut (session: Session): Promise<{ more: boolean, gone: Array<{ place: string, member: Member }> }> {
    const { sweepMs, graceMs } = this.#timing
    const [more, gone] = await this.#run(session, 'sweep', [MISSED_SWEEPS * sweepMs, graceMs, AT_ONCE]) as [number, Array<[string, string, string]>]
    return { more: more === 1, gone: gone.map(([place, member, record]) => ({ place, member: memberOf(member, record) })) }
  }

  async #run (session: Session, script: ScriptName, args: Array<string | number>): Promise<unknown> {
    const { keepMs, staysMs } = this.#timing
    return await session.run(script, this.#names.register, [this.#server, keepMs, staysMs, ...args])
  }
}

/** As Redis answers with hashes. */
function pairsOf (flat: string[]): Array<[string, string]> {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!])
}

function dataText ({ data }: KeptOptions): string {
  return data === undefined ? '' : JSON.stringify(data)
}

function announced ([member, { joinedAt, lastSeenAt, timeoutMs, data, pool, before }]: [string, Seen]): Array<string | number> {
  const agoMs = Math.max(0, Date.now() - lastSeenAt)
  return [member, joinedAt, agoMs, timeoutMs, before?.firstJoinedAt ?? 0, before?.totalMs ?? 0, pool === undefined ? '' : poolText(pool), JSON.stringify(data)]
}
