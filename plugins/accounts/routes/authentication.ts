import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { codedAnswer } from '../../../src/http/coded-envelope.ts'
import { coded, codedErrors } from '../../../src/http/coded-schemas.ts'
import { perHour, perMinute } from '../../../src/http/endpoint-limit.ts'
import type { UserRow } from '../account.ts'
import type { Accounts } from '../core.ts'
import { bearerToken } from '../guards.ts'
import { addReset, checkReset, useReset } from '../password-resets.ts'
import { resetLetter } from '../reset-letter.ts'
import { clearSessionCookies, setSessionCookies, type CookieSettings } from '../session-cookies.ts'
import { endSession, endSessionOfToken, openSession, renewByToken, renewSession, type OpenSession } from '../sessions.ts'
import { addUser, findByEmail, findByUsername } from '../users.ts'
import { accountHeaders, anyName, anyPassword, email, nickname, password, TAG, token, tokens, username, userSchema } from './schemas.ts'

const RESET_PAGE = '/reset-password'
const HOUR_MS = 3_600_000

const registerSchema = {
  tags: [TAG],
  operationId: 'register',
  summary: 'Registers a user',
  body: Type.Object({ username, email, password, nickname: Type.Optional(nickname) }),
  response: {
    201: coded(userSchema, 'Registered', 201),
    ...codedErrors([413, 415], { 400: 'A field is wrong (400), the username is taken (1001), or the address is (1002)' })
  }
}

const loginSchema = {
  tags: [TAG],
  operationId: 'login',
  summary: 'Logs in',
  description: 'By `username` or by `email`, one of them. Sets the cookies auth_token and auth_refresh.',
  body: Type.Object({ username: Type.Optional(anyName), email: Type.Optional(anyName), password: anyPassword }),
  response: {
    200: coded(Type.Object({ ...tokens, user: userSchema }), 'Logged in'),
    ...codedErrors([401, 403, 404, 413, 415], { 401: 'The password is wrong (1004)', 403: 'The account is banned', 404: 'There is no such user (1003)' })
  }
}

const refreshSchema = {
  tags: [TAG],
  operationId: 'refresh',
  summary: 'Renews the session',
  description: 'With `refresh_token`, an access or refresh token as bearer, or the cookies. A refresh token that is used twice ends its session.',
  headers: accountHeaders,
  body: Type.Object({ refresh_token: Type.Optional(token) }),
  response: { 200: coded(Type.Object(tokens), 'Renewed'), ...codedErrors([401, 403, 413, 415]) }
}

const logoutSchema = {
  tags: [TAG],
  operationId: 'logout',
  summary: 'Ends the session',
  description: 'Of the access token, or of `refresh_token`; takes the cookies back. No error where nobody is logged in.',
  headers: accountHeaders,
  body: Type.Object({ refresh_token: Type.Optional(token) }),
  response: { 200: coded(Type.Null(), 'Over'), ...codedErrors([403, 413, 415]) }
}

const forgotSchema = {
  tags: [TAG],
  operationId: 'forgotPassword',
  summary: 'Sends a token to set a new password, by mail',
  body: Type.Object({ email }),
  response: {
    200: coded(Type.Union([Type.Null(), Type.Object({ reset_token: Type.String() })]), 'The same whether the address is known or not; without a mail server, and not in production, the token'),
    ...codedErrors([413, 415], { 503: 'This server sends no mail' })
  }
}

const resetSchema = {
  tags: [TAG],
  operationId: 'resetPassword',
  summary: 'Sets a new password by a token',
  description: 'All sessions of the account end.',
  body: Type.Object({ token, new_password: password }),
  response: {
    200: coded(Type.Null(), 'It is set'),
    ...codedErrors([401, 413, 415], { 400: 'A field is wrong, or the token is not valid or was used', 401: 'The token has expired (1005)' })
  }
}

/** `/api/v1/auth`: registers, logs in and out, and sets forgotten passwords. */
export const authentication: FastifyPluginAsyncTypebox<{ accounts: Accounts }> = async (scope, { accounts }) => {
  const { config, orm, passwords, guards, mail } = accounts
  const cookies: CookieSettings = { accessSeconds: config.accessTokenSeconds, refreshSeconds: config.refreshTokenSeconds, domain: config.cookieDomain }

  scope.post('/register', { ...accounts.endpoint('register', perMinute(5), 'anyone'), schema: registerSchema }, async (request, reply) => {
    const { username, email, password, nickname = username } = request.body
    if (await findByUsername(orm, username) !== undefined) throw new HeadwaterError('USERNAME_TAKEN')
    if (await findByEmail(orm, email) !== undefined) throw new HeadwaterError('EMAIL_TAKEN')
    const user = await addUser(orm, { username, email, nickname, passwordHash: await passwords.hash(password) })
    accounts.log.info({ userId: user.id }, 'account registered')
    return await reply.code(201).send(codedAnswer(request, accounts.bodyOf(user), 201))
  })

  scope.post('/login', { ...accounts.endpoint('login', perMinute(5), 'anyone'), schema: loginSchema }, async (request, reply) => {
    const { password } = request.body
    const user = await wanted(request.body)
    // Whether there is such a user or not, it takes the same time.
    const known = user === undefined || user.status === 'deleted' ? undefined : user
    const fits = await passwords.matches(known?.passwordHash, password)
    if (known === undefined) throw new HeadwaterError(config.loginGenericErrors === 'true' ? 'WRONG_PASSWORD' : 'ACCOUNT_NOT_FOUND')
    if (!fits) throw new HeadwaterError('WRONG_PASSWORD')
    if (known.status === 'banned') throw new HeadwaterError('ACCOUNT_BANNED')
    const session = await openSession(orm, known, config.refreshTokenSeconds)
    return codedAnswer(request, { ...await give(reply, known, session), user: accounts.bodyOf(known) })
  })

  scope.post('/refresh', { ...accounts.endpoint('refresh', perMinute(10), 'anyone, known'), schema: refreshSchema }, async (request, reply) => {
    const { sessionId, refusal } = guards.credentials(request)
    const given = request.body.refresh_token ?? bearerOfSession(bearerToken(request))
    if (given === undefined && request.account !== null && sessionId !== undefined) {
      return codedAnswer(request, await give(reply, request.account, await renewSession(orm, sessionId, config.refreshTokenSeconds)))
    }
    // A bearer that is no refresh token has been refused already.
    const refreshToken = given ?? (bearerToken(request) === undefined ? guards.ownCookies(request).refresh : undefined)
    if (refreshToken === undefined || refreshToken === '') throw refusal
    const renewed = await renewByToken(orm, refreshToken, config.refreshTokenSeconds, userId => {
      accounts.log.warn({ userId }, 'a refresh token was used twice: its session has ended')
    })
    return codedAnswer(request, await give(reply, renewed.user, renewed))
  })

  scope.post('/logout', { ...accounts.endpoint('logout', perMinute(10), 'anyone, known'), schema: logoutSchema }, async (request, reply) => {
    const { sessionId } = guards.credentials(request)
    const refreshToken = request.body.refresh_token ?? bearerOfSession(bearerToken(request)) ?? guards.ownCookies(request).refresh
    if (sessionId !== undefined) await endSession(orm, sessionId)
    if (refreshToken !== undefined) await endSessionOfToken(orm, refreshToken)
    clearSessionCookies(reply, cookies)
    return codedAnswer(request, null)
  })

  scope.post('/forgot-password', { ...accounts.endpoint('forgot-password', perHour(3), 'anyone'), schema: forgotSchema }, async request => {
    if (!mail.isConfigured && accounts.isProduction) throw new HeadwaterError('MAIL_NOT_CONFIGURED')
    const user = await findByEmail(orm, request.body.email)
    if (user?.status !== 'active' || await isToldTooOften(user)) return codedAnswer(request, null)
    const seconds = config.resetTokenSeconds
    if (!mail.isConfigured) return codedAnswer(request, { reset_token: await addReset(orm, user.id, seconds) })
    mail.send(async () => resetLetter({ to: user.email, username: user.username, token: await addReset(orm, user.id, seconds), seconds, page: resetPage() }))
    return codedAnswer(request, null)
  })

  scope.post('/reset-password', { ...accounts.endpoint('reset-password', perHour(5), 'anyone'), schema: resetSchema }, async request => {
    const { token, new_password: newPassword } = request.body
    // A token is not used up for nothing.
    await checkReset(orm, token)
    const userId = await useReset(orm, token, await passwords.hash(newPassword))
    accounts.log.info({ userId }, 'a forgotten password was set anew')
    return codedAnswer(request, null)
  })

  /** Who wants to log in: an address in `username` is an address too. */
  async function wanted ({ username, email }: { username?: string, email?: string }): Promise<UserRow | undefined> {
    if (username === undefined && email === undefined) throw new HeadwaterError('INVALID_REQUEST', { fields: [{ field: 'username', message: 'required' }] })
    const address = email ?? (username!.includes('@') ? username : undefined)
    return address === undefined ? await findByUsername(orm, username!) : await findByEmail(orm, address)
  }

  async function give (reply: FastifyReply, user: Pick<UserRow, 'id' | 'username' | 'role'>, { sessionId, refreshToken }: OpenSession) {
    const access = await accounts.tokens.issue(user, sessionId)
    setSessionCookies(reply, { access, refresh: refreshToken }, cookies)
    return { token: access, access_token: access, refresh_token: refreshToken, token_type: 'Bearer' as const, expires_in: config.accessTokenSeconds }
  }

  /** However many ask: nobody's mailbox is filled from here. */
  async function isToldTooOften ({ id }: UserRow): Promise<boolean> {
    const { left } = await accounts.counted.take(`reset-mail:${id}`, config.resetMailsPerHour, HOUR_MS)
    return left < 0
  }

  /** Never by what a request says of the host: a link would lead to whoever asked. */
  function resetPage (): string {
    if (config.resetUrl !== '') return config.resetUrl
    return /^https?:\/\//.test(accounts.publicBaseUrl) ? `${accounts.publicBaseUrl}${RESET_PAGE}` : ''
  }
}

/** A bearer that is a refresh token: access tokens have dots. */
function bearerOfSession (bearer: string | undefined): string | undefined {
  return bearer?.includes('.') === true ? undefined : bearer
}
