import type { users, Role, Status } from './tables.ts'

/** A row of the table. */
export type UserRow = typeof users.$inferSelect

/** Who is logged in, for other features: `request.account`. */
export interface Account {
  readonly id: number
  readonly username: string
  readonly email: string
  readonly nickname: string
  readonly avatarUrl: string
  readonly role: Role
  readonly status: Status
}

/** `User` of docs/api/meetings.md, 5: an account as everybody who may see it sees it. */
export interface UserBody {
  user_id: number
  username: string
  email: string
  nickname: string
  avatar_url: string
  status: Status
  role: Role
  created_at: string
  updated_at: string
}
