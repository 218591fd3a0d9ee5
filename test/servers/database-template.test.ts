import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import t from 'tap'
import { buildTemplate } from '../../scripts/database-template/build.ts'
import { dataFolder } from '../fixtures/database.ts'

t.test('the template is an empty database, and is made once for a PGlite', async t => {
  const folder = join(await dataFolder(t), 'built')
  const path = join(folder, 'empty.tar.gz')
  const { built, bytes, seconds } = await buildTemplate(path)
  t.ok(built)
  t.equal((await stat(path)).size, bytes)
  t.comment(`made in ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(1)} MB`)
  const client = await PGlite.create({ loadDataDir: new Blob([await readFile(path)]) })
  t.same((await client.query('SELECT relname FROM pg_stat_user_tables')).rows, [])
  t.same((await client.query('SELECT datname FROM pg_database')).rows, [{ datname: 'postgres' }], 'nothing else is unpacked')
  await client.close()

  t.match(await buildTemplate(path), { built: false })
  await writeFile(join(folder, 'pglite.txt'), '0.0.0')
  t.match(await buildTemplate(path), { built: true }, 'another PGlite makes its own')
})
