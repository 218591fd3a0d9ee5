import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { HeadwaterError } from '../../../src/errors/catalogue.ts'
import { codedAnswer } from '../../../src/http/coded-envelope.ts'
import { coded, codedErrors, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, page, pageQuery } from '../../../src/http/coded-schemas.ts'
import { perMinute } from '../../../src/http/endpoint-limit.ts'
import type { Account, UserRow } from '../account.ts'
import type { Accounts } from '../core.ts'
import { changeStatus, changeUser, findUser, listUsers } from '../users.ts'
import { accountHeaders, email, keyword, nickname, reason, role, status, TAG, userParams, userSchema } from './schemas.ts'

const ADMIN = ['admin'] as const

const common = { tags: [TAG], headers: accountHeaders }
const SAID = { 404: 'There is no such account (1003)' }

const listSchema = {
  ...common,
  operationId: 'listUsers',
  summary: 'Accounts, the oldest first',
  querystring: Type.Object({
    keyword: Type.Optional({ ...keyword, description: 'A part of the username, the address or the nickname, whatever its case.' }),
    status: Type.Optional(status),
    role: Type.Optional(role),
    page: Type.Optional(pageQuery.page),
    page_size: Type.Optional(pageQuery.page_size)
  }),
  response: { 200: coded(page('users', userSchema), 'A page of them'), ...codedErrors([401, 403]) }
}

const oneSchema = {
  ...common,
  operationId: 'getUser',
  summary: 'An account',
  params: userParams,
  response: { 200: coded(userSchema, 'The account'), ...codedErrors([401, 403, 404, 414], SAID) }
}

const changeSchema = {
  ...common,
  operationId: 'updateUser',
  summary: 'Changes an account',
  params: userParams,
  body: Type.Object({ nickname: Type.Optional(nickname), email: Type.Optional(email), status: Type.Optional(status), role: Type.Optional(role) }),
  response: { 200: coded(userSchema, 'As it is then'), ...codedErrors([401, 403, 404, 413, 414, 415], { ...SAID, 400: 'A field is wrong, the address is taken (1002), or it is the own account that would lose its rights' }) }
}

const deleteSchema = {
  ...common,
  operationId: 'deleteUser',
  summary: 'Deletes an account',
  params: userParams,
  response: { 200: coded(Type.Null(), 'Deleted'), ...codedErrors([401, 403, 404, 413, 414, 415], { ...SAID, 400: 'It is the own account' }) }
}

const banSchema = {
  ...common,
  operationId: 'banUser',
  summary: 'Bans an account: its sessions end at once',
  params: userParams,
  body: Type.Object({ reason: Type.Optional(reason) }),
  response: { 200: coded(userSchema, 'Banned'), ...codedErrors([401, 403, 404, 413, 414, 415], { ...SAID, 400: 'It is the own account' }) }
}

const unbanSchema = {
  ...common,
  operationId: 'unbanUser',
  summary: 'Lifts a ban',
  params: userParams,
  response: { 200: coded(userSchema, 'Active'), ...codedErrors([401, 403, 404, 413, 414, 415], SAID) }
}

/** `/api/v1/admin/users`: what administrators do with accounts. */
export const administration: FastifyPluginAsyncTypebox<{ accounts: Accounts }> = async (scope, { accounts }) => {
  const { orm, log } = accounts
  const forAdministrators = (name: string, max: number) => accounts.endpoint(`admin-${name}`, perMinute(max), ADMIN)
  const listing = forAdministrators('list', 50)

  // With a slash at its end and without; described once.
  scope.get('', { ...listing, schema: listSchema }, async request => await list(request, request.query))
  scope.get('/', { ...listing, prefixTrailingSlash: 'slash', schema: { ...listSchema, hide: true } }, async request => await list(request, request.query))

  async function list (request: FastifyRequest, { keyword, status, role, page = 1, page_size: asked = DEFAULT_PAGE_SIZE }: Static<typeof listSchema.querystring>) {
    const size = Math.min(asked, MAX_PAGE_SIZE)
    const { rows, total } = await listUsers(orm, {
      ...(keyword === undefined ? {} : { keyword }),
      ...(status === undefined ? {} : { status }),
      ...(role === undefined ? {} : { role }),
      limit: size,
      offset: (page - 1) * size
    })
    return codedAnswer(request, { users: rows.map(row => accounts.bodyOf(row)), total, page, page_size: size, total_pages: Math.ceil(total / size) })
  }

  scope.get('/:id', { ...forAdministrators('get', 100), schema: oneSchema }, async request => {
    return codedAnswer(request, accounts.bodyOf(await find(request.params.id)))
  })

  scope.put('/:id', { ...forAdministrators('update', 50), schema: changeSchema }, async request => {
    const { nickname, email, role, status } = request.body
    const user = await find(request.params.id)
    if ((role !== undefined && role !== 'admin') || (status !== undefined && status !== 'active')) requireAnother(request.account!, user)
    let changed = await changeUser(orm, user.id, {
      ...(nickname === undefined ? {} : { nickname }),
      ...(email === undefined ? {} : { email }),
      ...(role === undefined ? {} : { role })
    })
    if (status !== undefined && status !== user.status) changed = await changeStatus(orm, user.id, status)
    log.info({ userId: user.id, by: request.account!.id, role: changed.role, status: changed.status }, 'account changed by an administrator')
    return codedAnswer(request, accounts.bodyOf(changed))
  })

  scope.delete('/:id', { ...forAdministrators('delete', 20), schema: deleteSchema }, async request => {
    const user = await findExisting(request.params.id)
    requireAnother(request.account!, user)
    await changeStatus(orm, user.id, 'deleted')
    log.info({ userId: user.id, by: request.account!.id }, 'account deleted by an administrator')
    return codedAnswer(request, null)
  })

  scope.post('/:id/ban', { ...forAdministrators('ban', 20), schema: banSchema }, async request => {
    const user = await findExisting(request.params.id)
    requireAnother(request.account!, user)
    const banned = await changeStatus(orm, user.id, 'banned', request.body.reason)
    log.info({ userId: user.id, by: request.account!.id }, 'account banned')
    return codedAnswer(request, accounts.bodyOf(banned))
  })

  scope.post('/:id/unban', { ...forAdministrators('unban', 20), schema: unbanSchema }, async request => {
    const user = await findExisting(request.params.id)
    const active = user.status === 'active' ? user : await changeStatus(orm, user.id, 'active')
    log.info({ userId: user.id, by: request.account!.id }, 'ban lifted')
    return codedAnswer(request, accounts.bodyOf(active))
  })

  async function find (id: number): Promise<UserRow> {
    const user = await findUser(orm, id)
    if (user === undefined) throw new HeadwaterError('ACCOUNT_NOT_FOUND')
    return user
  }

  /** What was deleted can be looked at, and brought back by its status; for all else it is not there. */
  async function findExisting (id: number): Promise<UserRow> {
    const user = await find(id)
    if (user.status === 'deleted') throw new HeadwaterError('ACCOUNT_NOT_FOUND')
    return user
  }
}

/** Administrators do not lock themselves out. */
function requireAnother (administrator: Account, user: UserRow): void {
  if (administrator.id === user.id) throw new HeadwaterError('INVALID_REQUEST', { message: 'Administrators cannot ban, delete or demote themselves' })
}
