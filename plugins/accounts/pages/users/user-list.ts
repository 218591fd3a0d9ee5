import { Stateful } from '../../../../src/client/stateful.ts'
import type { Account } from '../../../../src/page-parts/account/account.ts'
import { ApiFailure } from '../../../../src/page-parts/api/failure.ts'
import { failureWords } from '../../../../src/page-parts/api/failure-words.ts'
import type { Session } from '../../../../src/page-parts/session/session.ts'
import { apiPathOf, type UserQuery } from './user-query.ts'

export interface UserListState {
  /** What was asked for, of what is shown; undefined until the server has answered once. */
  readonly found: { query: UserQuery, users: readonly Account[], total: number, pages: number } | undefined
  readonly isLooking: boolean
  /** Why the last question has no answer, in words. */
  readonly trouble: string | undefined
}

export const NOTHING_FOUND: UserListState = { found: undefined, isLooking: true, trouble: undefined }

interface Found { users: Account[], total: number, total_pages: number }

/** A page of the list of accounts, for an administrator. The last question counts. */
export class UserList extends Stateful<UserListState> {
  readonly #session: Pick<Session, 'ask'>
  #asking = new AbortController()

  constructor (session: Pick<Session, 'ask'>) {
    super(NOTHING_FOUND)
    this.#session = session
  }

  async look (query: UserQuery): Promise<void> {
    this.close()
    const { signal } = this.#asking = new AbortController()
    this.update({ isLooking: true, trouble: undefined })
    try {
      const { users, total, total_pages: pages } = await this.#session.ask<Found>(apiPathOf(query), { signal })
      this.update({ found: { query, users, total, pages }, isLooking: false })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ApiFailure)) throw error
      this.update({ isLooking: false, trouble: failureWords(error) })
    }
  }

  /** What was done to an account is seen where it stands: the list stays, even if the account would not be in it now. */
  changed (account: Account): void {
    const { found } = this.snapshot
    if (found === undefined) return
    this.update({ found: { ...found, users: found.users.map(user => user.user_id === account.user_id ? account : user) } })
  }

  close (): void {
    this.#asking.abort()
  }
}
