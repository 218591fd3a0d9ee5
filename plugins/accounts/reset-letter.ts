import type { Letter } from './mail.ts'

export interface ResetLetterOptions {
  to: string
  username: string
  token: string
  /** How long the token is good. */
  seconds: number
  /** Address of the page that takes it; empty: none is known. */
  page: string
}

/** What somebody is sent who has forgotten the password. The token stands behind `#`, which browsers send to nobody. */
export function resetLetter ({ to, username, token, seconds, page }: ResetLetterOptions): Letter {
  const minutes = Math.max(1, Math.round(seconds / 60))
  const way = page === '' ? `Set a new one with this token:\n\n${token}` : `Set a new one here:\n\n${page}#token=${token}`
  return {
    to,
    subject: 'A new password',
    text: `Hello ${username},\n\nsomebody, probably you, has forgotten the password of this account. ${way}\n\nThis works once, within ${minutes} minutes. If it was not you, there is nothing to do.\n`
  }
}
