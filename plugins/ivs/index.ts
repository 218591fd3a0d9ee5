/**
 * headwater/ivs: the AWS IVS Real-Time API, with AWS or without, as an encapsulated Fastify plugin.
 *
 * Adds: `GET ${prefix}/health` where the scope has none, routes below `${prefix}/api/token/`, `/api/stage`,
 * `/api/viewer`, `/api/stats` and `/api/ivs`, WebSockets at `${prefix}/ws`; the decorator `headwaterHealth` where the
 * scope has none. Needs the decorators `database` and `state`. Tables: `ivs_stages` and those of the local provider.
 * Settings: `IvsOptions`.
 */
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { IvsConfig } from '../../src/config/ivs.ts'
import { completeIvsOptions } from '../../src/config/load.ts'
import { HeadwaterError } from '../../src/errors/catalogue.ts'
import { health } from '../../src/http/health.ts'
import { ownOptions } from '../../src/http/own-options.ts'
import type { Database } from '../../src/platform/database/database.ts'
import type { State } from '../../src/platform/state/state.ts'
import { openAccess } from './access.ts'
import { ivsApi } from './api.ts'
import { openIvs } from './open.ts'

/** Every setting of stages may be given; what is left out has its default. And: */
export interface IvsOptions extends Partial<IvsConfig> {
  /** In production (default) no key is generated, one is always asked for, and failures do not say what they come from. */
  environment?: 'development' | 'production' | 'test'
  /** Folder of generated secrets. Default: `data`. */
  dataDir?: string
}

const plugin: FastifyPluginAsync<IvsOptions> = async (app, options) => {
  // Fastify would not survive two handlers for one 404.
  if (app.hasRoute({ method: 'POST', url: `${app.prefix.replace(/\/$/, '')}/api/token/publisher` })) throw new HeadwaterError('CONFIG_INVALID', { message: 'There are stages at this place already: register each below a prefix of its own' })
  const { environment = 'production', dataDir = 'data', ...settings } = ownOptions(options)
  const config = completeIvsOptions(settings)
  const log = app.log.child({ plugin: 'ivs' })
  const database = app.getDecorator<Database>('database')
  const state = app.getDecorator<State>('state')
  const isProduction = environment === 'production'
  await app.register(health)
  const access = await openAccess(config, { isProduction, dataDir, log })
  const ivs = await openIvs({ config, environment, dataDir, database, state, log })
  app.addHook('onClose', async () => { await ivs.close() })
  await app.register(ivsApi, { ivs, access, database, state, isProduction, log })
}

export const ivs = fp(plugin, { name: 'headwater-ivs', encapsulate: true, fastify: '5.x', decorators: { fastify: ['database', 'state'] } })
export default ivs
