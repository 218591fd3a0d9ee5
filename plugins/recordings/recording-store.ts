import { and, count, desc, eq, gte, inArray, isNull, ne, or, sql, type SQL } from 'drizzle-orm'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { isUniqueViolation, type Orm } from '../../src/platform/database/database.ts'
import type { NewRecording, RecordedThing, Recording, RecordingQuery } from '../../src/recordings/recordings.ts'
import { newRecordingId } from './recording-file.ts'
import { RUNNING, statesBefore, UNDER_WAY, type NextState } from './recording-state.ts'
import { recordings, type RecordingRow } from './tables.ts'

/** What a step says beside the state. */
export type Facts = Partial<Pick<RecordingRow, 'problem' | 'startedAt' | 'endedAt' | 'durationSeconds' | 'bytes'>>

/** The rows. */
export class RecordingStore {
  readonly #orm: Orm

  constructor (orm: Orm) {
    this.#orm = orm
  }

  /** @throws HeadwaterError `INVALID_STATE` when one of this thing runs already */
  async add ({ of: { kind, id: thingId }, ownerId, title, source }: NewRecording): Promise<RecordingRow> {
    try {
      const [row] = await this.#orm.insert(recordings).values({
        recordingId: newRecordingId(),
        kind,
        thingId,
        ownerId,
        title,
        source: source.kind,
        sourceName: source.kind === 'room' ? source.name : source.streamKey,
        createdAt: new Date()
      }).returning()
      return row!
    } catch (error) {
      if (isUniqueViolation(error, 'recordings_running')) throw new HeadwaterError('INVALID_STATE', { message: 'It is recorded already', cause: error })
      throw error
    }
  }

  /** @returns undefined where it was not in a state before that one: nothing has changed then */
  async advance (recordingId: string, state: NextState, facts: Facts = {}): Promise<RecordingRow | undefined> {
    const [row] = await this.#orm.update(recordings).set({ state, ...facts })
      .where(and(eq(recordings.recordingId, recordingId), inArray(recordings.state, [...statesBefore(state)]))).returning()
    return row
  }

  /** What began before it was known to have. */
  async noteStart (recordingId: string, startedAt: Date): Promise<void> {
    await this.#orm.update(recordings).set({ startedAt }).where(and(eq(recordings.recordingId, recordingId), isNull(recordings.startedAt)))
  }

  async noteProvider (recordingId: string, providerId: string): Promise<void> {
    await this.#orm.update(recordings).set({ providerId }).where(and(eq(recordings.recordingId, recordingId), isNull(recordings.providerId)))
  }

  async find (recordingId: string): Promise<RecordingRow | undefined> {
    return (await this.#select(eq(recordings.recordingId, recordingId)))[0]
  }

  async running ({ kind, id }: RecordedThing): Promise<RecordingRow | undefined> {
    return (await this.#select(and(eq(recordings.kind, kind), eq(recordings.thingId, id), inArray(recordings.state, [...RUNNING]))))[0]
  }

  /** Where something is still to come, the oldest first. */
  async underWay (source?: RecordingRow['source']): Promise<RecordingRow[]> {
    return await this.#orm.select().from(recordings)
      .where(and(inArray(recordings.state, [...UNDER_WAY]), source === undefined ? undefined : eq(recordings.source, source))).orderBy(recordings.id)
  }

  /** Recordings of rooms that have failed since then, or whose provider's id is not known while something is still to come. */
  async unheard (since: Date): Promise<RecordingRow[]> {
    return await this.#orm.select().from(recordings).where(and(eq(recordings.source, 'room'), or(
      and(inArray(recordings.state, [...UNDER_WAY]), isNull(recordings.providerId)),
      and(eq(recordings.state, 'failed'), gte(recordings.endedAt, since))
    )))
  }

  async ofProvider (providerId: string): Promise<RecordingRow | undefined> {
    return (await this.#select(eq(recordings.providerId, providerId)))[0]
  }

  /** The newest that has not failed. */
  async latest ({ kind, id }: RecordedThing): Promise<RecordingRow | undefined> {
    return (await this.#select(and(eq(recordings.kind, kind), eq(recordings.thingId, id), ne(recordings.state, 'failed'))))[0]
  }

  async list ({ of = {}, ownerId, states = ['ready'], ofIds, page, pageSize }: RecordingQuery): Promise<{ rows: RecordingRow[], total: number }> {
    const condition = and(
      inArray(recordings.state, [...states]),
      of.kind === undefined ? undefined : eq(recordings.kind, of.kind),
      of.id === undefined ? undefined : eq(recordings.thingId, of.id),
      ownerId === undefined ? undefined : eq(recordings.ownerId, ownerId),
      // One parameter, however many there are.
      ofIds === undefined ? undefined : sql`${recordings.thingId} in (select jsonb_array_elements_text(${JSON.stringify(ofIds)}::jsonb))`
    )
    const [rows, [counted]] = await Promise.all([
      this.#orm.select().from(recordings).where(condition).orderBy(desc(recordings.id)).limit(pageSize).offset((page - 1) * pageSize),
      this.#orm.select({ total: count() }).from(recordings).where(condition)
    ])
    return { rows, total: counted!.total }
  }

  async #select (condition: SQL | undefined): Promise<RecordingRow[]> {
    return await this.#orm.select().from(recordings).where(condition).orderBy(desc(recordings.id)).limit(1)
  }
}

export function recordingOf ({ id, recordingId, kind, thingId, ownerId, title, state, problem, startedAt, endedAt, durationSeconds, bytes, createdAt }: RecordingRow): Recording {
  return {
    id,
    recordingId,
    of: { kind, id: thingId },
    ownerId,
    title,
    state,
    ...(problem === null ? {} : { problem }),
    ...(startedAt === null ? {} : { startedAt }),
    ...(endedAt === null ? {} : { endedAt }),
    durationSeconds,
    bytes,
    createdAt
  }
}
