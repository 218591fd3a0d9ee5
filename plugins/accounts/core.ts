/**
 * headwater-accounts-core: who people are, for all features that ask, without a route.
 *
 * Adds the decorator `accounts` and, to requests, `account`: who is logged in, null where nobody is or nobody has asked
 * (`accounts.guards.identify`). `accounts` brings one of its own, unless the scope that it is registered in has one
 * already. Needs the decorators `database`, `state` and `objects`. Tables: `users`, `user_sessions`,
 * `user_refresh_tokens`, `user_password_resets`. Settings: `AccountsOptions`.
 */
import { fileURLToPath } from 'node:url'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, onRequestAsyncHookHandler, onSendAsyncHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { AccountsConfig } from '../../src/config/accounts.ts'
import { completeAccountsOptions } from '../../src/config/load.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { EndpointLimits, type CountedRequests, type EndpointLimit } from '../../src/http/endpoint-limit.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import { wholeSeconds } from '../../src/http/whole-seconds.ts'
import type { Log } from '../../src/log.ts'
import type { Database, Orm } from '../../src/platform/database/database.ts'
import type { Objects } from '../../src/platform/objects/objects.ts'
import type { State } from '../../src/platform/state/state.ts'
import { keptSecret } from '../../src/secret-file.ts'
import { AccessTokens } from './access-tokens.ts'
import type { Account, UserBody, UserRow } from './account.ts'
import { Avatars } from './avatars.ts'
import { ensureAdministrator } from './first-administrator.ts'
import { Guards, type Identified } from './guards.ts'
import { Mail } from './mail.ts'
import { loadPasswords, type Passwords } from './passwords.ts'
import { findSession } from './sessions.ts'
import type { Role } from './tables.ts'
import { findUsers } from './users.ts'

/** Below the prefix, where the feature `accounts` is registered in the same scope. */
export const AVATARS_PATH = '/api/v1/avatars'

/** Every setting of accounts may be given; what is left out has its default. And: */
export interface AccountsOptions extends Partial<AccountsConfig> {
  /** In production (default) no secret is generated, and tokens for a new password are not told. */
  environment?: 'development' | 'production' | 'test'
  /** Folder of a generated secret. Default: `data`. */
  dataDir?: string
  /** What stands before the prefix of this server in addresses that people get; links in mail need one that begins with http. */
  publicBaseUrl?: string
}

/**
 * Who may use an endpoint: anyone (nobody is asked who they are); anyone, and who is logged in is known; who is logged
 * in; or who has one of these roles. Where nobody is asked, requests are counted by network.
 */
export type Admitted = 'anyone' | 'anyone, known' | 'account' | readonly Role[]

/** Goes into the options of a route. */
export interface EndpointHooks {
  onRequest: onRequestAsyncHookHandler[]
  onSend?: onSendAsyncHookHandler
}

type AccountsParts = Pick<Accounts, 'config' | 'isProduction' | 'publicBaseUrl' | 'orm' | 'counted' | 'passwords' | 'tokens' | 'mail' | 'avatars' | 'log'>

/** What features of one scope share. */
export class Accounts {
  readonly config: AccountsConfig
  readonly isProduction: boolean
  readonly publicBaseUrl: string
  readonly orm: Orm
  readonly counted: CountedRequests
  readonly passwords: Passwords
  readonly tokens: AccessTokens
  readonly mail: Mail
  readonly avatars: Avatars
  readonly log: Log
  readonly guards: Guards
  /** Path of the pictures; the feature `accounts` knows its own. */
  avatarsPath: string = AVATARS_PATH
  readonly #limits: EndpointLimits

  constructor (parts: AccountsParts) {
    this.config = parts.config
    this.isProduction = parts.isProduction
    this.publicBaseUrl = parts.publicBaseUrl
    this.orm = parts.orm
    this.counted = parts.counted
    this.passwords = parts.passwords
    this.tokens = parts.tokens
    this.mail = parts.mail
    this.avatars = parts.avatars
    this.log = parts.log
    this.guards = new Guards({ authenticate: async token => await this.authenticate(token), allowedOrigins: [...this.config.allowedOrigins, ...originOf(this.publicBaseUrl)] })
    this.#limits = new EndpointLimits({
      counted: this.counted,
      multiplier: this.config.rateLimitMultiplier,
      whoAsks: ({ account }: FastifyRequest) => account?.id.toString()
    })
  }

  /**
   * Who has an access token. Asked of the database each time: a ban, a deletion and a new password count at once.
   * @throws HeadwaterError `NOT_LOGGED_IN`, `TOKEN_EXPIRED`, `ACCOUNT_BANNED`
   */
  async authenticate (token: string): Promise<Identified> {
    const { userId, sessionId } = await this.tokens.check(token)
    const found = await findSession(this.orm, userId, sessionId)
    if (found?.user.status === 'banned') throw new HeadwaterError('ACCOUNT_BANNED')
    if (found === undefined || !found.isOpen || found.user.status !== 'active') throw new HeadwaterError('NOT_LOGGED_IN', { message: 'The session has ended: log in again' })
    return { account: this.accountOf(found.user), sessionId }
  }

  /**
   * Hooks of an endpoint: finds out who asks, counts, then refuses whoever may not.
   * @param name what is counted under it is counted together
   */
  endpoint (name: string, limit: EndpointLimit, who: Admitted): EndpointHooks {
    const { onRequest, ...more } = this.#limits.of(name, limit, who === 'anyone' ? 'network' : 'account')
    if (who === 'anyone') return { onRequest: [onRequest], ...more }
    const admit = who === 'anyone, known' ? [] : [who === 'account' ? this.guards.requireLogin : this.guards.requireRole(...who)]
    return { onRequest: [this.guards.identify, onRequest, ...admit], ...more }
  }

  /** Accounts by id, whatever their status; ids that there are none of are left out. */
  async find (ids: readonly number[]): Promise<Map<number, Account>> {
    const rows = ids.length === 0 ? [] : await findUsers(this.orm, ids)
    return new Map(rows.map(row => [row.id, this.accountOf(row)]))
  }

  accountOf (user: UserRow): Account {
    const { id, username, email, nickname, role, status } = user
    return { id, username, email, nickname, avatarUrl: this.avatarUrlOf(user), role, status }
  }

  bodyOf (user: UserRow): UserBody {
    const { id, username, email, nickname, role, status, createdAt, updatedAt } = user
    return {
      user_id: id,
      username,
      email,
      nickname,
      avatar_url: this.avatarUrlOf(user),
      status,
      role,
      created_at: wholeSeconds(createdAt),
      updated_at: wholeSeconds(updatedAt)
    }
  }

  avatarUrlOf ({ avatarName, avatarAddress }: UserRow): string {
    return avatarName === '' ? avatarAddress : `${this.avatarsPath}/${avatarName}`
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    accounts: Accounts
  }

  interface FastifyRequest {
    account: Account | null
  }
}

/** The one of this scope; a host may have something else by the name. */
export function accountsOf (app: FastifyInstance): Accounts | undefined {
  return app.hasDecorator('accounts') && app.accounts instanceof Accounts ? app.accounts : undefined
}

const MIGRATIONS = fileURLToPath(new URL('migrations', import.meta.url))

const plugin: FastifyPluginAsync<AccountsOptions> = async (app, options) => {
  if (accountsOf(app) !== undefined) return
  const { environment = 'production', dataDir = 'data', publicBaseUrl = '', ...settings } = ownOptions(options)
  const config = completeAccountsOptions(settings)
  const log = app.log.child({ plugin: 'accounts' })
  const isProduction = environment === 'production'
  const [passwords, secret] = await Promise.all([loadPasswords(config), secretOf(config, isProduction, dataDir)])
  const database = app.getDecorator<Database>('database')
  await database.migrate({ feature: 'accounts', folder: MIGRATIONS })
  const { orm } = database
  await ensureAdministrator(orm, config, passwords, log)
  const mail = new Mail(config, log)
  app.addHook('onClose', async () => { await mail.close() })
  app.decorateRequest('account', null)
  app.decorate('accounts', new Accounts({
    config,
    isProduction,
    publicBaseUrl,
    orm,
    counted: app.getDecorator<State>('state').limits,
    passwords,
    tokens: new AccessTokens(secret, config.accessTokenSeconds),
    mail,
    avatars: new Avatars(app.getDecorator<Objects>('objects'), config),
    log
  }))
}

/** The server's own, where a proxy says another host to it than people ask for. */
function originOf (publicBaseUrl: string): string[] {
  return /^https?:\/\//.test(publicBaseUrl) ? [new URL(publicBaseUrl).origin] : []
}

/** @throws HeadwaterError `CONFIG_INVALID` in production where none is given */
async function secretOf ({ jwtSecret }: AccountsConfig, isProduction: boolean, dataDir: string): Promise<string> {
  if (jwtSecret !== '') return jwtSecret
  if (isProduction) throw new HeadwaterError('CONFIG_INVALID', { message: 'In production accounts need a secret of their own: jwtSecret (JWT_SECRET), at least 32 characters' })
  return await keptSecret(dataDir, 'jwt-secret')
}

export const accountsCore = fp(plugin, { name: 'headwater-accounts-core', fastify: '5.x', decorators: { fastify: ['database', 'state', 'objects'] } })
