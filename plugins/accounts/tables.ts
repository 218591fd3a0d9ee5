import { sql } from 'drizzle-orm'
import { bigint, check, index, pgTable, text, timestamp, uniqueIndex, uuid } from 'drizzle-orm/pg-core'

export const ROLES = ['user', 'mentor', 'admin'] as const
export const STATUSES = ['active', 'banned', 'deleted'] as const

export type Role = typeof ROLES[number]
export type Status = typeof STATUSES[number]

const moment = (name: string) => timestamp(name, { withTimezone: true })

/** Who there is. Rows stay when an account is deleted: its name and address are not given to anybody else. */
export const users = pgTable('users', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  username: text('username').notNull(),
  email: text('email').notNull(),
  nickname: text('nickname').notNull(),
  /** What makes two of them the same, whatever their case (`identity.ts`); searches look through them. */
  usernameKey: text('username_key').notNull(),
  emailKey: text('email_key').notNull(),
  nicknameKey: text('nickname_key').notNull(),
  /** argon2id, in the PHC format. */
  passwordHash: text('password_hash').notNull(),
  /** File name of a picture that was uploaded; empty: none. */
  avatarName: text('avatar_name').notNull().default(''),
  /** Address of a picture elsewhere; empty: none. */
  avatarAddress: text('avatar_address').notNull().default(''),
  role: text('role', { enum: ROLES }).notNull().default('user'),
  status: text('status', { enum: STATUSES }).notNull().default('active'),
  banReason: text('ban_reason'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow()
}, table => [
  uniqueIndex('users_username_key').on(table.usernameKey),
  uniqueIndex('users_email_key').on(table.emailKey),
  check('users_role', sql`${table.role} in ('user', 'mentor', 'admin')`),
  check('users_status', sql`${table.status} in ('active', 'banned', 'deleted')`)
])

/** One login and all tokens that came of it. When it is gone, none of them is good any more. */
export const sessions = pgTable('user_sessions', {
  id: uuid('id').primaryKey(),
  userId: bigint('user_id', { mode: 'number' }).notNull().references(() => users.id, { onDelete: 'cascade' }),
  createdAt: moment('created_at').notNull().defaultNow(),
  expiresAt: moment('expires_at').notNull()
}, table => [index('user_sessions_user').on(table.userId)])

/** Tokens that a session is renewed with, as their SHA-256. A used one is kept as long as it would have been good: who uses it again has stolen it, or was stolen from. */
export const refreshTokens = pgTable('user_refresh_tokens', {
  hash: text('hash').primaryKey(),
  sessionId: uuid('session_id').notNull().references(() => sessions.id, { onDelete: 'cascade' }),
  expiresAt: moment('expires_at').notNull(),
  usedAt: moment('used_at')
}, table => [index('user_refresh_tokens_session').on(table.sessionId)])

/** Tokens that a new password is set with, as their SHA-256. */
export const passwordResets = pgTable('user_password_resets', {
  hash: text('hash').primaryKey(),
  userId: bigint('user_id', { mode: 'number' }).notNull().references(() => users.id, { onDelete: 'cascade' }),
  expiresAt: moment('expires_at').notNull()
}, table => [index('user_password_resets_user').on(table.userId)])
