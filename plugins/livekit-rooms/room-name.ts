import { randomInt } from 'node:crypto'

const RANDOM_CHARACTERS = 6
const OURS = /^room-\d+-[0-9a-z]{6}$/

/** A name that nobody has: `room-<unix seconds>-<6 characters of base 36>` (docs/api/livekit-rooms.md, 4.1). */
export function newRoomName (now = new Date()): string {
  const random = Array.from({ length: RANDOM_CHARACTERS }, () => randomInt(36).toString(36)).join('')
  return `room-${Math.floor(now.getTime() / 1000)}-${random}`
}

/** Whether a room was made here, by its name. */
export function isOwnName (name: string): boolean {
  return OURS.test(name)
}
