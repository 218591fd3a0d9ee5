import { Stateful } from '../../client/stateful.ts'
import type { Account } from '../account/account.ts'
import { call, type Call } from '../api/call.ts'
import { ApiFailure } from '../api/failure.ts'
import type { Memory, Remembered } from './remembered.ts'

/** Why nobody is logged in: because nobody is, or because the account is of no use any more. */
export type NobodyIn = 'logged-out' | 'banned' | 'deleted'

export interface SessionState {
  /** `unknown`: not asked yet. `away`: asked, and the server did not say. */
  readonly state: 'unknown' | 'away' | 'logged-in' | NobodyIn
  /** Who is logged in, when that is known. */
  readonly account: Account | undefined
  /** Who probably is: what the head of a page shows at once. */
  readonly remembered: Remembered | undefined
}

export const NOT_ASKED: SessionState = { state: 'unknown', account: undefined, remembered: undefined }

/** Runs one at a time of those that have the same name, in all tabs of the browser. */
export type OneAtATime = <Result>(name: string, what: () => Promise<Result>) => Promise<Result>

/**
 * Who is logged in, in all tabs of this browser. The session is two cookies that the server sets: one for every
 * request, which ends soon, and one that renews it. Both are HttpOnly, out of reach of any script, so there is
 * nothing secret to keep here.
 */
export class Session extends Stateful<SessionState> {
  readonly #root: URL
  readonly #memory: Memory
  readonly #oneAtATime: OneAtATime
  #looking: Promise<void> | undefined
  /** Grows whenever somebody logs in or out: what was asked before says nothing of who is logged in now. */
  #changes = 0

  /** @param root the server's root */
  constructor (root: URL, memory: Memory, oneAtATime: OneAtATime) {
    super({ ...NOT_ASKED, remembered: memory.read() })
    this.#root = root
    this.#memory = memory
    this.#oneAtATime = oneAtATime
  }

  /** Asks who is logged in. */
  async look (): Promise<void> {
    this.#looking ??= this.#look().finally(() => { this.#looking = undefined })
    await this.#looking
  }

  /**
   * Asks the API as who is logged in; a session that has ended meanwhile is renewed.
   * @throws ApiFailure; with 401, nobody is logged in any more
   */
  async ask<Data> (path: string, options?: Call): Promise<Data> {
    const before = this.#changes
    try {
      return await this.#askRenewed<Data>(path, options)
    } catch (error) {
      if (isRefused(error) && before === this.#changes) this.#forget('logged-out')
      // Banned, or no administrator any more.
      if (error instanceof ApiFailure && error.status === 403) void this.look()
      throw error
    }
  }

  /** @param username or the e-mail address @throws ApiFailure */
  async logIn (username: string, password: string): Promise<void> {
    const { user } = await call<{ user: Account }>(this.#root, 'auth/login', { method: 'POST', body: { username, password } })
    this.#know(user)
  }

  /** @throws ApiFailure; then one is logged in still */
  async logOut (): Promise<void> {
    await call(this.#root, 'auth/logout', { method: 'POST' })
    this.#forget('logged-out')
  }

  /** What the server said of the account after a change. */
  changed (account: Account): void {
    this.#know(account)
  }

  /** What was done has ended all sessions of the account. */
  ended (state: NobodyIn): void {
    this.#forget(state)
  }

  /** Something was written down: another tab may have logged in or out. */
  heard (event: Pick<StorageEvent, 'key'>): void {
    if (!this.#memory.isAbout(event)) return
    if (this.#memory.read() === undefined) {
      this.#forget('logged-out')
    } else {
      this.#changes++
      void this.#look()
    }
  }

  async #look (): Promise<void> {
    const before = this.#changes
    try {
      const account = await this.#askRenewed<Account>('users/profile')
      if (before === this.#changes) this.#know(account)
    } catch (error) {
      if (before !== this.#changes) return
      if (isRefused(error)) this.#forget('logged-out')
      else if (error instanceof ApiFailure && error.status === 403) this.#forget('banned')
      else if (this.snapshot.account === undefined) this.update({ state: 'away' })
    }
  }

  async #askRenewed<Data> (path: string, options?: Call): Promise<Data> {
    const wasLoggedIn = this.#memory.read() !== undefined
    try {
      return await call<Data>(this.#root, path, options)
    } catch (error) {
      if (!wasLoggedIn || !isRefused(error)) throw error
      await this.#renew()
      return await call<Data>(this.#root, path, options)
    }
  }

  /** One tab after the other: what renews is good once, and two that brought the same would end the session for all. */
  async #renew (): Promise<void> {
    await this.#oneAtATime('headwater.renew', async () => {
      try {
        // Another tab may have been faster.
        await call(this.#root, 'users/profile')
      } catch (error) {
        if (!isRefused(error)) throw error
        await call(this.#root, 'auth/refresh', { method: 'POST' })
      }
    })
  }

  #know (account: Account): void {
    this.#changes++
    this.update({ state: 'logged-in', account, remembered: this.#memory.write(account) })
  }

  #forget (state: NobodyIn): void {
    this.#changes++
    this.#memory.clear()
    this.update({ state, account: undefined, remembered: undefined })
  }
}

function isRefused (error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 401
}
