import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { boolean, check, index, jsonb, pgTable, primaryKey, text, timestamp, uniqueIndex } from 'drizzle-orm/pg-core'
import type { Migrations } from '../../src/platform/database/database.ts'
import type { MediaPath, StageEndpoints, StagePhase, StageRole } from './stage.ts'

export const IVS_MIGRATIONS: Migrations = { feature: 'ivs', folder: fileURLToPath(new URL('migrations', import.meta.url)) }

const moment = (name: string) => timestamp(name, { withTimezone: true })
const tagsColumn = () => jsonb('tags').$type<Record<string, string>>().notNull()

/** What this installation knows of its stages, whoever runs them (`stage-directory.ts`). */
export const stages = pgTable('ivs_stages', {
  arn: text('arn').primaryKey(),
  name: text('name').notNull(),
  role: text('role').$type<StageRole>().notNull(),
  tags: tagsColumn(),
  createdAt: moment('created_at').notNull(),
  phase: text('phase').$type<StagePhase>().notNull(),
  phaseSince: moment('phase_since').notNull(),
  mediaPath: text('media_path').$type<MediaPath>().notNull(),
  endpoints: jsonb('endpoints').$type<StageEndpoints>().notNull()
}, table => [
  check('ivs_stages_role', sql`${table.role} in ('master', 'auto-scaled', 'custom')`),
  check('ivs_stages_phase', sql`${table.phase} in ('starting', 'ready', 'draining', 'deleting')`),
  check('ivs_stages_media_path', sql`${table.mediaPath} in ('source', 'replica', 'relay', 'none')`)
])

/** Stages of the local provider: what AWS keeps where AWS runs them. */
export const localStages = pgTable('ivs_local_stages', {
  arn: text('arn').primaryKey(),
  name: text('name').notNull(),
  isMaster: boolean('is_master').notNull(),
  tags: tagsColumn(),
  createdAt: moment('created_at').notNull(),
  /** The participant whose media is copied to it. */
  replicaOf: text('replica_of'),
  /** A media server can publish to it until then. */
  relayedUntil: moment('relayed_until')
}, table => [uniqueIndex('ivs_local_stages_master').on(table.isMaster).where(sql`${table.isMaster}`)])

/** Who may publish with a token of the local provider; a user has one such token that counts, the last. */
export const localPublishers = pgTable('ivs_local_publishers', {
  stageArn: text('stage_arn').notNull().references(() => localStages.arn, { onDelete: 'cascade' }),
  userId: text('user_id').notNull(),
  participantId: text('participant_id').notNull(),
  sessionId: text('session_id').notNull(),
  issuedAt: moment('issued_at').notNull(),
  expiresAt: moment('expires_at').notNull()
}, table => [
  primaryKey({ columns: [table.stageArn, table.userId] }),
  index('ivs_local_publishers_participant').on(table.participantId)
])
