/**
 * headwater/accounts: accounts as an encapsulated Fastify plugin.
 *
 * Adds: routes below `${prefix}/api/v1/auth`, `/users`, `/admin/users` and `/avatars`; the decorators `accounts` and
 * (of requests) `account` where the scope has none. Needs the decorators `database`, `state` and `objects`. Tables and
 * settings: `core.ts`.
 */
import type { FastifyInstance, FastifyPluginAsync, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { answerCodedError, answerCodedNotFound, useCodedEnvelope } from '../../src/http/coded-envelope.ts'
import { listedCors } from '../../src/http/cors.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import { pathOwnersOf } from '../../src/http/path-owners.ts'
import { accountsCore, accountsOf, AVATARS_PATH, type Accounts, type AccountsOptions } from './core.ts'
import { administration } from './routes/administration.ts'
import { authentication } from './routes/authentication.ts'
import { avatarFiles, avatarUpload } from './routes/avatar.ts'
import { profile } from './routes/profile.ts'

export { perDay, perHour, perMinute, type EndpointLimit } from '../../src/http/endpoint-limit.ts'
export { accountsCore, type Accounts, type AccountsOptions, type Admitted } from './core.ts'
export type { Account } from './account.ts'
export type { Role } from './tables.ts'

const plugin: FastifyPluginAsync<AccountsOptions> = async (app, options) => {
  const accounts = await useAccounts(app, options)
  pathOwnersOf(app)?.add('meetings', answerCodedError)

  const paths: Record<string, (scope: FastifyInstance) => Promise<void>> = {
    '/api/v1/auth': async scope => { await scope.register(authentication, { accounts }) },
    '/api/v1/users': async scope => {
      await scope.register(profile, { accounts })
      await scope.register(avatarUpload, { accounts })
    },
    '/api/v1/admin/users': async scope => { await scope.register(administration, { accounts }) },
    [AVATARS_PATH]: async scope => {
      accounts.avatarsPath = `${accounts.publicBaseUrl}${scope.prefix}`
      await scope.register(avatarFiles, { accounts })
    }
  }
  for (const [prefix, register] of Object.entries(paths)) {
    await app.register(async scope => {
      listedCors(scope, accounts.config.allowedOrigins)
      useCodedEnvelope(scope, { maxBodyBytes: accounts.config.maxBodyBytes })
      scope.setNotFoundHandler(answerCodedNotFound)
      await register(scope)
    }, { prefix })
  }
}

/** The scope's accounts, or ones of our own. @throws HeadwaterError `CONFIG_INVALID` for settings that nobody would read */
async function useAccounts (app: FastifyInstance, options: AccountsOptions & RegisterOptions): Promise<Accounts> {
  const known = accountsOf(app)
  const settings = ownOptions(options)
  if (known === undefined) {
    await app.register(accountsCore, settings)
    return app.accounts
  }
  const [unread] = Object.keys(settings)
  if (unread !== undefined) throw new HeadwaterError('CONFIG_INVALID', { message: `This scope has accounts already: give ${unread} to those` })
  return known
}

export const accounts = fp(plugin, { name: 'headwater-accounts', encapsulate: true, fastify: '5.x' })
export default accounts
