import { randomBytes } from 'node:crypto'
import type { AccountsConfig } from '../../src/config/accounts.ts'
import { Turns } from './turns.ts'

type Settings = Pick<AccountsConfig, 'passwordHashes' | 'passwordQueue' | 'argon2MemoryKib' | 'argon2Passes'>

/** argon2id of @node-rs/argon2, which is loaded when it is needed. */
interface Argon2 {
  hash: (password: string, cost: Cost) => Promise<string>
  verify: (hash: string, password: string) => Promise<boolean>
}

interface Cost {
  /** KiB. */
  memoryCost: number
  timeCost: number
  parallelism: number
}

/** Hashes passwords with argon2id, so many at a time. */
export class Passwords {
  readonly #argon2: Argon2
  readonly #cost: Cost
  readonly #turns: Turns
  /** Of a password that nobody has. */
  readonly #nobodys: string

  constructor (argon2: Argon2, cost: Cost, turns: Turns, nobodys: string) {
    this.#argon2 = argon2
    this.#cost = cost
    this.#turns = turns
    this.#nobodys = nobodys
  }

  /** @throws HeadwaterError `RATE_LIMIT_EXCEEDED` */
  async hash (password: string): Promise<string> {
    return await this.#turns.take(async () => await this.#argon2.hash(password, this.#cost))
  }

  /**
   * Whether it is the password of a hash.
   * @param hash undefined where there is no such account: that takes as long as any other answer
   * @throws HeadwaterError `RATE_LIMIT_EXCEEDED`
   */
  async matches (hash: string | undefined, password: string): Promise<boolean> {
    const fits = await this.#turns.take(async () => await this.#argon2.verify(hash ?? this.#nobodys, password))
    return fits && hash !== undefined
  }
}

export async function loadPasswords ({ passwordHashes, passwordQueue, argon2MemoryKib, argon2Passes }: Settings): Promise<Passwords> {
  const argon2 = await import('@node-rs/argon2')
  const cost = { memoryCost: argon2MemoryKib, timeCost: argon2Passes, parallelism: 1 }
  const nobodys = await argon2.hash(randomBytes(32).toString('base64url'), cost)
  return new Passwords(argon2, cost, new Turns({ atOnce: passwordHashes, waiting: passwordQueue }), nobodys)
}
