import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { bigint, check, doublePrecision, index, pgTable, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Migrations } from '../../src/platform/database/database.ts'
import type { RecordedThing, RecordingState } from '../../src/recordings/recordings.ts'

export const RECORDINGS_MIGRATIONS: Migrations = { feature: 'recordings', folder: fileURLToPath(new URL('migrations', import.meta.url)) }

const moment = (name: string) => timestamp(name, { withTimezone: true })

export const recordings = pgTable('recordings', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  recordingId: text('recording_id').notNull(),
  kind: text('kind').$type<RecordedThing['kind']>().notNull(),
  thingId: text('thing_id').notNull(),
  /** An account. No reference: who has no accounts can have recordings. */
  ownerId: bigint('owner_id', { mode: 'number' }).notNull(),
  title: text('title').notNull(),
  state: text('state').$type<RecordingState>().notNull().default('starting'),
  problem: text('problem'),
  /** What it is made of: a room of a provider, or a stream of the live core. */
  source: text('source').$type<'room' | 'stream'>().notNull(),
  /** Name of the room, or the stream key. */
  sourceName: text('source_name').notNull(),
  /** What the provider calls its recording. */
  providerId: text('provider_id'),
  startedAt: moment('started_at'),
  endedAt: moment('ended_at'),
  durationSeconds: doublePrecision('duration_seconds').notNull().default(0),
  bytes: bigint('bytes', { mode: 'number' }).notNull().default(0),
  createdAt: moment('created_at').notNull()
}, table => [
  uniqueIndex('recordings_recording_id').on(table.recordingId),
  uniqueIndex('recordings_running').on(table.kind, table.thingId).where(sql`${table.state} in ('starting', 'active')`),
  index('recordings_thing').on(table.kind, table.thingId, table.id),
  index('recordings_owner').on(table.ownerId, table.id),
  index('recordings_under_way').on(table.id).where(sql`${table.state} in ('starting', 'active', 'processing')`),
  index('recordings_provider_id').on(table.providerId),
  check('recordings_state', sql`${table.state} in ('starting', 'active', 'processing', 'ready', 'failed')`),
  check('recordings_source', sql`${table.source} in ('room', 'stream')`)
])

export type RecordingRow = typeof recordings.$inferSelect
