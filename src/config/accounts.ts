import { Type, type Static } from 'typebox'

const bytes = { unit: 'bytes' }
const seconds = { unit: 's' }

/** Accounts: who people are, for all features that ask. */
export const accountsSchema = Type.Object({
  enabled: Type.Enum(['on', 'off'], { default: 'on', env: 'ACCOUNTS', description: 'off: no accounts, and no database is opened for them.' }),
  jwtSecret: Type.String({ default: '', secret: true, env: 'JWT_SECRET', description: 'Signs access tokens (HS256), at least 32 characters. Empty: outside production one is generated once and kept in DATA_DIR; in production the server does not start.' }),
  accessTokenSeconds: Type.Integer({ default: 7_200, minimum: 60, ...seconds, env: 'ACCESS_TOKEN_SECONDS', description: 'An access token, and the cookie with it, is good for so long.' }),
  refreshTokenSeconds: Type.Integer({ default: 604_800, minimum: 60, ...seconds, env: 'REFRESH_TOKEN_SECONDS', description: 'A refresh token is good for so long, once.' }),
  resetTokenSeconds: Type.Integer({ default: 3_600, minimum: 60, ...seconds, env: 'RESET_TOKEN_SECONDS', description: 'A token to set a new password is good for so long, once.' }),

  // The first administrator
  adminUsername: Type.String({ default: '', env: 'ADMIN_USERNAME', description: 'An administrator of this name is created at the start where there is none. Empty: none is.' }),
  adminEmail: Type.String({ default: '', env: 'ADMIN_EMAIL', description: 'E-mail address of that administrator.' }),
  adminPassword: Type.String({ default: '', secret: true, env: 'ADMIN_PASSWORD', description: 'Password of that administrator, at least 6 characters; it is not changed where the account is there already.' }),

  // Mail
  smtpUrl: Type.String({ default: '', secret: true, env: 'SMTP_URL', description: 'smtp[s]://user:password@host:port of a mail server, for tokens to set a new password. Empty: none is sent.' }),
  mailFrom: Type.String({ default: 'Headwater <no-reply@localhost>', env: 'MAIL_FROM', description: 'Sender of mail.' }),
  smtpTimeoutSeconds: Type.Integer({ default: 10, minimum: 1, ...seconds, env: 'SMTP_TIMEOUT_SECONDS', description: 'The mail server has so long to take a mail.' }),
  resetUrl: Type.String({ default: '', env: 'RESET_URL', description: 'Address of the page that sets a new password, as people reach it; the token is added to it. Empty: the page of this server, below PUBLIC_BASE_URL.' }),

  resetMailsPerHour: Type.Integer({ default: 3, minimum: 1, env: 'RESET_MAILS_PER_HOUR', description: 'Tokens to set a new password that one account is sent in an hour, whoever asks.' }),
  mailQueue: Type.Integer({ default: 100, minimum: 1, env: 'MAIL_QUEUE', description: 'Mails under way at once; what comes then is not sent.' }),

  // Limits
  rateLimitMultiplier: Type.Number({ default: 1, exclusiveMinimum: 0, env: 'RATE_LIMIT_MULTIPLIER', description: 'Every limit on requests to accounts is multiplied by this.' }),
  loginGenericErrors: Type.Enum(['false', 'true'], { default: 'false', env: 'LOGIN_GENERIC_ERRORS', description: 'true: an unknown user is told what a wrong password is told.' }),
  maxBodyBytes: Type.Integer({ default: 1_048_576, minimum: 1_024, ...bytes, env: 'MAX_JSON_BYTES', description: 'Largest body of a request, but for uploads.' }),
  passwordHashes: Type.Integer({ default: 2, minimum: 1, env: 'PASSWORD_HASHES', description: 'Passwords that are hashed at the same time; each takes a processor and ARGON2_MEMORY_KIB.' }),
  passwordQueue: Type.Integer({ default: 100, minimum: 1, env: 'PASSWORD_QUEUE', description: 'Passwords that wait for their turn; the next request is answered 429.' }),
  argon2MemoryKib: Type.Integer({ default: 19_456, minimum: 8, unit: 'KiB', env: 'ARGON2_MEMORY_KIB', description: 'Memory that hashing a password takes (argon2id).' }),
  argon2Passes: Type.Integer({ default: 2, minimum: 1, env: 'ARGON2_PASSES', description: 'How often that memory is gone through.' }),

  // Pictures
  maxAvatarBytes: Type.Integer({ default: 5_242_880, minimum: 1_024, ...bytes, env: 'MAX_AVATAR_BYTES', description: 'Largest picture that may be uploaded.' }),
  maxAvatarPixels: Type.Integer({ default: 25_000_000, minimum: 1, unit: 'pixels', env: 'MAX_AVATAR_PIXELS', description: 'A picture with more pixels, all its frames together, is refused before it is decoded.' }),
  avatarPixels: Type.Integer({ default: 256, minimum: 16, maximum: 2_048, unit: 'pixels', env: 'AVATAR_PIXELS', description: 'Width and height that pictures are scaled to.' }),
  avatarSeconds: Type.Integer({ default: 10, minimum: 1, ...seconds, env: 'AVATAR_SECONDS', description: 'A picture that takes longer to scale is refused.' }),
  avatarQueue: Type.Integer({ default: 20, minimum: 1, env: 'AVATAR_QUEUE', description: 'Pictures that wait while one is scaled; the next is answered 429.' }),

  // Other sites
  allowedOrigins: Type.Array(Type.String(), { default: [], env: 'ALLOWED_ORIGINS', description: 'Origins whose pages may use the cookie of an account, with commas, such as https://example.com. The server\'s own always may.' }),
  cookieDomain: Type.String({ default: '', env: 'COOKIE_DOMAIN', description: 'Domain of the cookie. Empty: the host that was asked.' })
}, { additionalProperties: false })

export type AccountsConfig = Static<typeof accountsSchema>
