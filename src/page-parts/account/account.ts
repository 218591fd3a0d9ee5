/** An account as the API gives it (`User` of docs/api/meetings.md 5). */
export interface Account {
  user_id: number
  username: string
  email: string
  nickname: string
  /** Empty: there is no picture. */
  avatar_url: string
  status: 'active' | 'banned' | 'deleted'
  role: Role
  /** ISO 8601. */
  created_at: string
}

export type Role = 'user' | 'mentor' | 'admin'

/** What a person is called: by the name that they chose last. */
export function nameOf ({ nickname, username }: Pick<Account, 'nickname' | 'username'>): string {
  return nickname.trim() || username
}

/** The letter that stands for who has no picture: a character as people count them, where the browser can. */
export function initialOf (name: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(name.trim())
  return (first?.segment ?? '?').toLocaleUpperCase()
}

/**
 * Where a picture is, for `<img>`; undefined where there is none, or one that the pages' policy would not let in.
 * @param root the server's root
 */
export function pictureOf (address: string, root: URL): string | undefined {
  if (address === '') return undefined
  try {
    const url = new URL(address, root)
    return url.origin === root.origin ? url.href : undefined
  } catch {
    return undefined
  }
}
