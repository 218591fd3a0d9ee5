import { and, desc, eq, inArray, isNotNull, isNull, lte, or, sql, type SQL } from 'drizzle-orm'
import type { Orm } from '../../../src/platform/database/database.ts'
import type { NewRoom, Room } from '../../../src/rooms/provider.ts'
import { rooms } from '../tables.ts'
import { newRoomSid } from './sids.ts'

/** A room without those who are in it. */
export type RegisteredRoom = Omit<Room, 'participants'>

export interface RoomTimeouts {
  /** Of rooms that are made without their own. */
  emptyTimeoutSeconds: number
  departureTimeoutSeconds: number
}

export interface RoomRegisterOptions {
  orm: Orm
  timeouts: RoomTimeouts
  now: () => Date
}

/**
 * Rooms in the database. One stays open for `emptyTimeoutSeconds` after it was made, or wanted for the last time, where
 * nobody has come, and for `departureTimeoutSeconds` after somebody was in it, or it was wanted, otherwise. Closed rooms
 * stay for a while: their sids lead to the room that is open under their name.
 */
export class RoomRegister {
  readonly #orm: Orm
  readonly #timeouts: RoomTimeouts
  readonly #now: () => Date

  constructor ({ orm, timeouts, now }: RoomRegisterOptions) {
    this.#orm = orm
    this.#timeouts = timeouts
    this.#now = now
  }

  /** Where one of that name is open, what is given is changed. Of several servers that make it at once one does. */
  async open ({ name, ...given }: NewRoom): Promise<{ room: RegisteredRoom, isNew: boolean }> {
    const now = this.#now()
    const sid = newRoomSid()
    const row = { metadata: '', maxParticipants: 0, ...this.#timeouts, ...given, sid, name, createdAt: now, wantedAt: now }
    const [made] = await this.#orm.insert(rooms).values(row)
      .onConflictDoUpdate({ target: rooms.name, targetWhere: isNull(rooms.closedAt), set: { ...given, wantedAt: now } }).returning()
    return { room: roomOf(made!), isNew: made!.sid === sid }
  }

  /** The one that is open. @param id a name, or a sid of now or of earlier */
  async find (id: string): Promise<RegisteredRoom | undefined> {
    // PostgreSQL has no such text.
    if (id.includes('\0')) return undefined
    const name = sql`(SELECT ${rooms.name} FROM ${rooms} WHERE ${rooms.sid} = ${id})`
    const found = await this.#orm.select().from(rooms).where(and(isNull(rooms.closedAt), or(eq(rooms.name, id), sql`${rooms.name} = ${name}`)))
    // A room may be called like a sid.
    return found.map(roomOf).sort((one, other) => Number(other.name === id) - Number(one.name === id))[0]
  }

  async findOpen (name: string): Promise<RegisteredRoom | undefined> {
    return (await this.#orm.select().from(rooms).where(and(eq(rooms.name, name), isNull(rooms.closedAt)))).map(roomOf)[0]
  }

  /** Those of these sids whose rooms are open. */
  async openAmong (sids: readonly string[]): Promise<Set<string>> {
    const open = await this.#orm.select({ sid: rooms.sid }).from(rooms).where(and(isNull(rooms.closedAt), inArray(rooms.sid, [...sids])))
    return new Set(open.map(({ sid }) => sid))
  }

  /** Newest first. */
  async list (): Promise<RegisteredRoom[]> {
    return (await this.#orm.select().from(rooms).where(isNull(rooms.closedAt)).orderBy(desc(rooms.id))).map(roomOf)
  }

  /** Somebody has a token, and may come. */
  async wanted (name: string): Promise<void> {
    await this.#orm.update(rooms).set({ wantedAt: this.#now() }).where(and(eq(rooms.name, name), isNull(rooms.closedAt)))
  }

  /** Somebody is in it, or was until now. @returns false: it is closed */
  async visited (sid: string): Promise<boolean> {
    return (await this.#orm.update(rooms).set({ visitedAt: this.#now() }).where(and(eq(rooms.sid, sid), isNull(rooms.closedAt))).returning({ id: rooms.id })).length > 0
  }

  /** @returns the room that was open until now */
  async close (name: string): Promise<RegisteredRoom | undefined> {
    return await this.#close(eq(rooms.name, name))
  }

  /** Those of which nothing was heard for at least half of the time after which they are closed. */
  async quiet (): Promise<RegisteredRoom[]> {
    return (await this.#orm.select().from(rooms).where(and(isNull(rooms.closedAt), this.#isQuietFor(0.5))).orderBy(rooms.id)).map(roomOf)
  }

  /** Where nothing was heard of it for all of that time. @returns undefined where it stays open */
  async closeQuiet (sid: string): Promise<RegisteredRoom | undefined> {
    return await this.#close(and(eq(rooms.sid, sid), this.#isQuietFor(1))!)
  }

  /** Those that were closed so long ago. */
  async forgetClosed (hours: number): Promise<void> {
    await this.#orm.delete(rooms).where(and(isNotNull(rooms.closedAt), lte(rooms.closedAt, new Date(this.#now().getTime() - hours * 3_600_000))))
  }

  async #close (which: SQL): Promise<RegisteredRoom | undefined> {
    const closed = await this.#orm.update(rooms).set({ closedAt: this.#now() }).where(and(which, isNull(rooms.closedAt))).returning()
    return closed.map(roomOf)[0]
  }

  /** @param share of its time-out */
  #isQuietFor (share: number): SQL {
    const seconds = (timeout: typeof rooms.emptyTimeoutSeconds | typeof rooms.departureTimeoutSeconds) => sql`${timeout} * ${share}::float8 * interval '1 second'`
    return sql`CASE WHEN ${rooms.visitedAt} IS NULL THEN ${rooms.wantedAt} + ${seconds(rooms.emptyTimeoutSeconds)}
      ELSE greatest(${rooms.visitedAt}, ${rooms.wantedAt}) + ${seconds(rooms.departureTimeoutSeconds)} END <= ${sql.param(this.#now(), rooms.wantedAt)}`
  }
}

function roomOf ({ name, sid, metadata, maxParticipants, createdAt }: typeof rooms.$inferSelect): RegisteredRoom {
  return { name, sid, metadata, maxParticipants, createdAt: new Date(Math.floor(createdAt.getTime() / 1000) * 1000) }
}
