import { randomBytes } from 'node:crypto'

/** LiveKit leaves out what looks alike. */
const CHARACTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Rooms, participants, tracks, recordings, events. */
export function newSid (prefix: 'RM' | 'PA' | 'TR' | 'EG' | 'EV'): string {
  return `${prefix}_${Array.from(randomBytes(12), byte => CHARACTERS[byte % CHARACTERS.length]).join('')}`
}
