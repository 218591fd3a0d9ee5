import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { bigint, boolean, check, index, integer, pgTable, primaryKey, text, timestamp, uniqueIndex, varchar } from 'drizzle-orm/pg-core'
import type { Migrations } from '../../src/platform/database/database.ts'
import type { Role } from './roles.ts'
import type { Status } from './session-state.ts'

export const LIVE_SESSIONS_MIGRATIONS: Migrations = { feature: 'live_sessions', folder: fileURLToPath(new URL('migrations', import.meta.url)) }

export const SESSION_TYPES = ['teaching', 'interview', 'coding', 'workshop'] as const

export type SessionType = typeof SESSION_TYPES[number]

const moment = (name: string) => timestamp(name, { withTimezone: true })
const rowId = () => integer('id').primaryKey().generatedAlwaysAsIdentity()
const user = (name: string) => bigint(name, { mode: 'number' })
const session = () => varchar('session_id', { length: 100 })

/** The feature `accounts` has this table; here it is only pointed at. */
const users = pgTable('users', { id: user('id').primaryKey() })

/** docs/api/live-sessions.md, 11; what stands below the line is added. */
export const sessions = pgTable('live_sessions', {
  id: rowId(),
  sessionId: session().notNull().unique(),
  ownerId: user('owner_id').notNull().references(() => users.id),
  title: varchar('title', { length: 200 }).notNull(),
  description: text('description'),
  sessionType: varchar('session_type', { length: 50 }).$type<SessionType>().notNull().default('teaching'),
  status: varchar('status', { length: 20 }).$type<Status>().notNull().default('scheduled'),
  maxParticipants: integer('max_participants').notNull().default(50),
  isRecorded: boolean('is_recorded').notNull().default(false),
  /** Of the newest recording that is there or will be. */
  recordingUrl: varchar('recording_url', { length: 500 }),
  isPublic: boolean('is_public').notNull().default(false),
  /** The one that is good; null for a public session. */
  inviteToken: varchar('invite_token', { length: 500 }),
  scheduledAt: moment('scheduled_at'),
  startedAt: moment('started_at'),
  endedAt: moment('ended_at'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
  deletedAt: moment('deleted_at'),
  // ——
  /** Invitations of earlier versions are void. */
  inviteVersion: integer('invite_version').notNull().default(1),
  /** Most people, without the host, who were there at the same time. */
  peakViewers: integer('peak_viewers').notNull().default(0),
  /** There may be a room of it at the provider: who is in it is looked after, and when the session is over it is closed. */
  hasRoom: boolean('has_room').notNull().default(false)
}, table => [
  index('idx_sessions_owner').on(table.ownerId),
  index('idx_sessions_status').on(table.status),
  index('idx_sessions_type').on(table.sessionType),
  index('idx_sessions_room').on(table.sessionId).where(sql`${table.hasRoom}`),
  check('live_sessions_status', sql`${table.status} in ('scheduled', 'live', 'ended', 'cancelled')`)
])

/** One row for each user of a session, over all its stays. */
export const participants = pgTable('live_participants', {
  id: rowId(),
  sessionId: session().notNull().references(() => sessions.sessionId),
  userId: user('user_id').notNull().references(() => users.id),
  role: varchar('role', { length: 20 }).$type<Role>().notNull().default('viewer'),
  /** The first time. */
  joinedAt: moment('joined_at').notNull(),
  /** End of the last stay. */
  leftAt: moment('left_at'),
  /** Seconds of the stays that are over. */
  duration: integer('duration').notNull().default(0),
  createdAt: moment('created_at').notNull().defaultNow(),
  // ——
  displayName: text('display_name').notNull(),
  /** Begin of the stay that goes on; null: it is not there. */
  presentSince: moment('present_since'),
  /** The provider's sid of the connection by which it is there; null: it said so itself. */
  connection: text('connection'),
  connectedAt: moment('connected_at'),
  /** The connection that ended last, by the provider's clock: what is told of it afterwards, or of those before it, is old. */
  endedConnection: text('ended_connection'),
  endedConnectionAt: moment('ended_connection_at'),
  /** It has a token that it has not connected with yet: its seat is kept though an earlier connection ends. */
  isExpected: boolean('is_expected').notNull().default(false),
  /** Tokens of before may have another role in them. */
  roleChangedAt: moment('role_changed_at')
}, table => [
  index('idx_participants_session').on(table.sessionId),
  index('idx_participants_user').on(table.userId),
  uniqueIndex('live_participants_session_user').on(table.sessionId, table.userId),
  index('idx_participants_present').on(table.sessionId).where(sql`${table.presentSince} is not null`),
  check('live_participants_role', sql`${table.role} in ('host', 'co_host', 'speaker', 'viewer')`)
])

/** Who was kicked, and may not come again. */
export const bans = pgTable('live_bans', {
  sessionId: session().notNull().references(() => sessions.sessionId),
  userId: user('user_id').notNull().references(() => users.id),
  bannedBy: user('banned_by').notNull().references(() => users.id),
  createdAt: moment('created_at').notNull().defaultNow()
}, table => [primaryKey({ columns: [table.sessionId, table.userId] })])
