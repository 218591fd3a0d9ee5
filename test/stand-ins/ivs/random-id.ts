import { randomBytes } from 'node:crypto'

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** As AWS makes its ids: letters and digits. */
export function randomId (length: number): string {
  return Array.from(randomBytes(length), byte => CHARACTERS[byte % CHARACTERS.length]).join('')
}
