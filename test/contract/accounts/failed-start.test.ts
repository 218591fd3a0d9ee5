import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../../src/config/load.ts'
import { buildStandalone } from '../../../src/standalone.ts'

t.test('a start that fails at accounts gives back what was opened before, and the next one succeeds', async t => {
  const folder = t.testdir()
  const config = loadConfig({ STREAMS_DIR: join(folder, 'streams'), DATA_DIR: join(folder, 'data') })
  const secret = join(folder, 'data', 'secrets', 'jwt-secret')
  await mkdir(join(folder, 'data', 'secrets'), { recursive: true })
  await writeFile(secret, 'short')
  await t.rejects(buildStandalone(config), { code: 'CONFIG_INVALID', message: /jwt-secret has no secret in it/ })
  await writeFile(secret, 'a secret of 32 characters or more, as it should be')
  const app = await buildStandalone(config)
  t.equal((await app.inject('/readyz')).statusCode, 200, 'neither folder was still locked')
  await app.close()
})
