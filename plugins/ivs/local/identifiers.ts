import { randomInt } from 'node:crypto'

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** No account of AWS has it. */
const ACCOUNT = '000000000000'

/** As AWS has them: `arn:aws:ivs:<region>:<account>:stage/<12 characters>`. */
export function newStageArn (region: string): string {
  return `arn:aws:ivs:${region}:${ACCOUNT}:stage/${randomText(12)}`
}

export function newParticipantId (): string {
  return randomText(12)
}

/** 16 characters. */
export function newSessionId (): string {
  return `st-${randomText(13)}`
}

function randomText (length: number): string {
  return Array.from({ length }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join('')
}
