import { randomUUID } from 'node:crypto'
import { mustBeTime } from '../check.ts'
import type { Lease, Locks } from '../state.ts'
import type { Part, RedisConnection } from './connection.ts'
import { HeldLease } from './lease.ts'
import type { Names } from './names.ts'
import type { Session } from './session.ts'

/**
 * Locks in Redis, which run out by themselves when their server dies. Redis that comes back without what it knew may
 * give one to another server as well, until the one who had it renews: they keep servers from doing work twice, and
 * nothing whose rightness hangs on it should rest on them alone.
 */
export class RedisLocks implements Locks, Part {
  readonly #connection: RedisConnection
  readonly #names: Names
  readonly #held = new Set<HeldLease>()
  readonly isBehind = false
  #session: Session | undefined

  constructor (connection: RedisConnection, names: Names) {
    this.#connection = connection
    this.#names = names
    connection.add(this)
  }

  async take (name: string, leaseMs: number): Promise<Lease | undefined> {
    mustBeTime('leaseMs', leaseMs)
    const key = this.#names.lock(name)
    const holder = randomUUID()
    const takenAt = performance.now()
    const answer = await this.#connection.use<string | null>(async ({ commands }) => await commands.set(key, holder, 'PX', Math.ceil(leaseMs), 'NX'), () => null)
    if (answer !== 'OK') return undefined
    const keep = async (session: Session) => await session.run('renew', [key], [holder, Math.ceil(leaseMs)]) === 1
    const lease: HeldLease = new HeldLease({
      leaseMs,
      takenAt,
      renew: async session => session === undefined ? await this.#connection.tryTo(keep) : await keep(session),
      giveUp: async () => {
        this.#held.delete(lease)
        await this.#connection.tryTo(async session => await session.run('release', [key], [holder]))
      }
    })
    lease.lost.addEventListener('abort', () => { this.#held.delete(lease) })
    this.#held.add(lease)
    return lease
  }

  /** Otherwise they renew by themselves. */
  async catchUp (session: Session): Promise<void> {
    if (session === this.#session) return
    await Promise.all([...this.#held].map(async lease => await lease.renew(session)))
    this.#session = session
  }

  /** Gives up those that are left; whoever has one learns of it. */
  async close (): Promise<void> {
    const held = [...this.#held]
    await Promise.all(held.map(async lease => await lease.close()))
  }
}
