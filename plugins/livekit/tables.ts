import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { bigint, check, index, integer, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Migrations } from '../../src/platform/database/database.ts'

export const LIVEKIT_MIGRATIONS: Migrations = { feature: 'livekit', folder: fileURLToPath(new URL('migrations', import.meta.url)) }

const moment = (name: string) => timestamp(name, { withTimezone: true })

/** Rooms of the local provider: those that are open, and for a while those that were (`local/room-register.ts`). */
export const rooms = pgTable('livekit_rooms', {
  /** In the order in which they were made. */
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  sid: text('sid').notNull(),
  name: text('name').notNull(),
  metadata: text('metadata').notNull(),
  /** 0: no limit. */
  maxParticipants: integer('max_participants').notNull(),
  emptyTimeoutSeconds: integer('empty_timeout_seconds').notNull(),
  departureTimeoutSeconds: integer('departure_timeout_seconds').notNull(),
  createdAt: moment('created_at').notNull(),
  /** When somebody was in it for the last time. */
  visitedAt: moment('visited_at'),
  /** When it was asked for, or a token for it, for the last time. */
  wantedAt: moment('wanted_at').notNull(),
  closedAt: moment('closed_at')
}, table => [
  uniqueIndex('livekit_rooms_sid').on(table.sid),
  uniqueIndex('livekit_rooms_open').on(table.name).where(sql`${table.closedAt} is null`),
  index('livekit_rooms_closed').on(table.closedAt).where(sql`${table.closedAt} is not null`),
  check('livekit_rooms_max_participants', sql`${table.maxParticipants} >= 0`)
])
