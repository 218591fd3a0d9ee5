/** Rooms whose names are UUIDs belong to live sessions, which are named so: a session decides who comes in, and nobody else. */
const SESSION_ROOM = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i

/** Whether a room is a live session's, by its name: its metadata is lost when somebody comes too late and opens it again. */
export function isSessionRoom (name: string): boolean {
  return SESSION_ROOM.test(name)
}
