import { randomInt } from 'node:crypto'

/** Base 57: nothing in it looks like something else. */
const CHARACTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** As LiveKit has them: `RM_` and 12 characters. */
export function newRoomSid (): string {
  return `RM_${randomText(12)}`
}

/** The same of a connection: `PA_` and 12 characters. */
export function newParticipantSid (): string {
  return `PA_${randomText(12)}`
}

function randomText (length: number): string {
  return Array.from({ length }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join('')
}
