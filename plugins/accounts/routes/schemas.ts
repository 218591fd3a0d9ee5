import { Type } from 'typebox'
import { timestamp } from '../../../src/http/coded-schemas.ts'
import { ROLES, STATUSES } from '../tables.ts'

/** What the routes of accounts take and answer. */

export const TAG = 'accounts'

/** Neither control characters nor any that cannot be seen, and no line ends. */
const VISIBLE = '[^\\p{C}\\p{Zl}\\p{Zp}]'

/** One line of text, for people. */
const line = (options: { minLength: number, maxLength: number, description?: string }) => Type.String({ pattern: `^${VISIBLE}*$`, ...options })

const MAX_EMAIL = 254
/** Of what was given out here, and some more. */
const MAX_TOKEN = 4_096

/** An `@` would make it an address, of somebody else perhaps. */
export const username = Type.String({ minLength: 3, maxLength: 50, pattern: '^(?!\\s)[^\\p{C}\\p{Zl}\\p{Zp}@]*(?<!\\s)$', description: 'Unique, whatever its case. No control characters and no @.' })
export const email = Type.String({ format: 'email', maxLength: MAX_EMAIL, description: 'Unique, whatever its case.' })
export const password = Type.String({ minLength: 6, maxLength: 128 })
export const nickname = line({ minLength: 1, maxLength: 50 })
export const anyPassword = Type.String({ minLength: 1, maxLength: 128 })
export const anyName = line({ minLength: 1, maxLength: MAX_EMAIL })
export const keyword = line({ minLength: 0, maxLength: 100 })
export const reason = line({ minLength: 0, maxLength: 500 })
export const token = Type.String({ minLength: 1, maxLength: MAX_TOKEN })
export const role = Type.Enum([...ROLES])
export const status = Type.Enum([...STATUSES])

export const userSchema = Type.Object({
  user_id: Type.Integer(),
  username: Type.String(),
  email: Type.String(),
  nickname: Type.String(),
  avatar_url: Type.String({ description: 'Empty, a path of this server, or an address elsewhere.' }),
  status,
  role,
  created_at: timestamp,
  updated_at: timestamp
}, { title: 'User' })

export const tokens = {
  token: Type.String({ description: 'The access token: Authorization: Bearer …' }),
  access_token: Type.String({ description: 'The same.' }),
  refresh_token: Type.String({ description: 'Renews the session, once.' }),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'The access token is good for so many seconds.' })
}

/** A route for who is logged in. */
export const accountHeaders = Type.Object({
  authorization: Type.Optional(Type.String({ description: 'Bearer, with an access token. Without it the cookie auth_token counts.' }))
})

export const userParams = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'user_id' }) })
