import { randomUUID } from 'node:crypto'
import t from 'tap'
import { IVS_MIGRATIONS } from '../../../plugins/ivs/tables.ts'
import { openPostgresql } from '../../../src/platform/database/postgresql.ts'
import { openRedis } from '../../../src/platform/state/redis.ts'
import { platformSettings } from '../../fixtures/database.ts'
import { startPostgresql } from '../../fixtures/postgresql-server.ts'
import { RedisServer } from '../../fixtures/redis-server.ts'
import { Told } from '../../fixtures/told.ts'
import { settingsFor } from '../../platform/state/settings.ts'
import { stagesSuite } from '../../plugins/ivs/stages-suite.ts'

t.test('stages on several servers that share a PostgreSQL and a Redis', async t => {
  const told = new Told()
  const postgresql = await startPostgresql(t)
  const redis = await RedisServer.start(t)
  const database = await openPostgresql(platformSettings({ databaseUrl: await postgresql.newDatabase() }), told)
  t.teardown(() => database.close())
  await database.migrate(IVS_MIGRATIONS)
  await stagesSuite(t, {
    database,
    async openStates (t, servers) {
      const settings = settingsFor({ redisUrl: redis.url, redisPrefix: `${randomUUID()}:` })
      return await Promise.all(Array.from({ length: servers }, async () => {
        const state = await openRedis(settings, told)
        t.teardown(() => state.close())
        return state
      }))
    }
  })
})
