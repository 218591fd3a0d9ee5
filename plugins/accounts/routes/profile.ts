import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { codedAnswer } from '../../../src/http/coded-envelope.ts'
import { coded, codedErrors } from '../../../src/http/coded-schemas.ts'
import { perDay, perHour, perMinute } from '../../../src/http/endpoint-limit.ts'
import type { UserRow } from '../account.ts'
import type { Accounts } from '../core.ts'
import { changePassword, changeStatus, changeUser, findUser, type UserChanges } from '../users.ts'
import { accountHeaders, anyPassword, email, nickname, password, TAG, userSchema } from './schemas.ts'

const MAX_ADDRESS = 2_048

const profileSchema = {
  tags: [TAG],
  operationId: 'getProfile',
  summary: 'Who is logged in',
  headers: accountHeaders,
  response: { 200: coded(userSchema, 'The account'), ...codedErrors([401, 403]) }
}

const changeSchema = {
  tags: [TAG],
  operationId: 'updateProfile',
  summary: 'Changes the own account',
  headers: accountHeaders,
  body: Type.Object({
    nickname: Type.Optional(nickname),
    email: Type.Optional(email),
    avatar_url: Type.Optional(Type.String({ maxLength: MAX_ADDRESS, description: 'An address that begins with http:// or https://, the present one, or nothing: no picture then.' }))
  }),
  response: { 200: coded(userSchema, 'As it is then'), ...codedErrors([401, 403, 413, 415], { 400: 'A field is wrong, or the address is taken (1002)' }) }
}

const passwordSchema = {
  tags: [TAG],
  operationId: 'changePassword',
  summary: 'Changes the own password',
  description: 'All sessions end, that of this request too: log in again.',
  headers: accountHeaders,
  body: Type.Object({ old_password: anyPassword, new_password: password }),
  response: { 200: coded(Type.Null(), 'Changed'), ...codedErrors([401, 403, 413, 415], { 400: 'A field is wrong, or the old password is (1004)' }) }
}

const deleteSchema = {
  tags: [TAG],
  operationId: 'deleteAccount',
  summary: 'Deletes the own account',
  description: 'All sessions end. The name and the address are not given to anybody else.',
  headers: accountHeaders,
  body: Type.Object({ password: Type.Optional(anyPassword) }),
  response: { 200: coded(Type.Null(), 'Deleted'), ...codedErrors([401, 403, 413, 415], { 400: 'The password is wrong (1004)' }) }
}

/** `/api/v1/users`: what people do with their own account. */
export const profile: FastifyPluginAsyncTypebox<{ accounts: Accounts }> = async (scope, { accounts }) => {
  const { orm, passwords, avatars, log } = accounts

  scope.get('/profile', { ...accounts.endpoint('profile', perMinute(100), 'account'), schema: profileSchema }, async request => {
    return codedAnswer(request, accounts.bodyOf(await own(request.account!)))
  })

  scope.put('/profile', { ...accounts.endpoint('update-profile', perMinute(50), 'account'), schema: changeSchema }, async request => {
    const { nickname, email, avatar_url: avatarUrl } = request.body
    const user = await own(request.account!)
    const changed = await changeUser(orm, user.id, {
      ...(nickname === undefined ? {} : { nickname }),
      ...(email === undefined ? {} : { email }),
      ...(avatarUrl === undefined ? {} : pictureAt(avatarUrl, user))
    })
    if (changed.avatarName !== user.avatarName) await avatars.remove(user.avatarName)
    return codedAnswer(request, accounts.bodyOf(changed))
  })

  scope.post('/change-password', { ...accounts.endpoint('change-password', perHour(10), 'account'), schema: passwordSchema }, async request => {
    const { old_password: oldPassword, new_password: newPassword } = request.body
    const { id, passwordHash } = await own(request.account!)
    if (!await passwords.matches(passwordHash, oldPassword)) throw new HeadwaterError('PASSWORD_MISMATCH')
    await changePassword(orm, id, await passwords.hash(newPassword))
    log.info({ userId: id }, 'password changed')
    return codedAnswer(request, null)
  })

  scope.delete('/account', { ...accounts.endpoint('delete-account', { ...perDay(1), successesOnly: true }, 'account'), schema: deleteSchema }, async request => {
    const { password } = request.body
    const { id, passwordHash, avatarName } = await own(request.account!)
    if (password !== undefined && !await passwords.matches(passwordHash, password)) throw new HeadwaterError('PASSWORD_MISMATCH')
    await changeStatus(orm, id, 'deleted')
    await changeUser(orm, id, { avatarName: '', avatarAddress: '' })
    await avatars.remove(avatarName)
    log.info({ userId: id }, 'account deleted by its owner')
    return codedAnswer(request, null)
  })

  async function own ({ id }: { id: number }): Promise<UserRow> {
    const user = await findUser(orm, id)
    if (user === undefined) throw new HeadwaterError('NOT_LOGGED_IN')
    return user
  }

  /** @throws HeadwaterError `INVALID_REQUEST` for what pages could not show, or should not */
  function pictureAt (address: string, user: UserRow): UserChanges {
    if (address === accounts.avatarUrlOf(user)) return {}
    if (address === '') return { avatarName: '', avatarAddress: '' }
    const url = parsed(address)
    if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
      throw new HeadwaterError('INVALID_REQUEST', { fields: [{ field: 'avatar_url', message: 'must begin with http:// or https://' }] })
    }
    return { avatarName: '', avatarAddress: url.href }
  }
}

function parsed (address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}
