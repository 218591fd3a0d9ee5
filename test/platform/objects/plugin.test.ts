import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { health, healthRoutes } from '../../../src/http/health.ts'
import { objects, type Objects } from '../../../src/platform/objects/index.ts'
import { read, TEXT } from './objects-suite.ts'

async function ownFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-objects-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

t.test('objects are there for whoever comes later, on the disk by default, and S3 is not even loaded', async t => {
  const dataDir = await ownFolder(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(objects, { dataDir })
  app.register(async scope => { scope.get('/', async () => scope.objects.kind) }, { prefix: '/feature' })
  t.equal((await app.inject('/feature')).body, 'disk')
  await app.objects.put('a', Buffer.from('text'), TEXT)
  t.strictSame(await readdir(join(dataDir, 'objects', 'files')), ['a+'])
  t.strictSame(Object.keys(createRequire(import.meta.url).cache).filter(path => /@aws-sdk|@smithy/.test(path)), [])
})

t.test('whether they can be used is a part of the health', async t => {
  const dataDir = await ownFolder(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(health)
  await app.register(objects, { dataDir })
  await app.register(healthRoutes)
  t.match((await app.inject('/readyz')).json(), { status: 'ready', failing: [] })
  await rm(join(dataDir, 'objects'), { recursive: true })
  t.match((await app.inject('/readyz')).json(), { status: 'not ready', failing: [{ check: 'objects', reason: 'The folder of objects cannot be written to: ENOENT' }] })
})

t.test("a host's own are used, and something else of its by that name is left alone", async t => {
  const dataDir = await ownFolder(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(objects, { dataDir })
  const { objects: outer } = app
  app.register(async scope => {
    await scope.register(objects, { dataDir: '/dev/null' })
    t.equal(scope.objects, outer)
  })
  await app.ready()

  const other = Fastify()
  t.teardown(() => other.close())
  other.decorate('objects', { box: 1 } as unknown as Objects)
  other.register(async scope => {
    await scope.register(objects, { dataDir })
    t.equal(scope.objects.kind, 'disk')
  })
  await other.ready()
  t.strictSame(other.objects, { box: 1 })
})

t.test('twice in one host, each with its own', async t => {
  const folders = [await ownFolder(t), await ownFolder(t)]
  const app = Fastify()
  t.teardown(() => app.close())
  const both: Objects[] = []
  for (const dataDir of folders) {
    app.register(async scope => {
      await scope.register(objects, { dataDir })
      await scope.objects.put('a', Buffer.from(dataDir), TEXT)
      both.push(scope.objects)
    })
  }
  await app.ready()
  for (const [index, one] of both.entries()) t.equal((await read(one, 'a')).toString(), folders[index])
})

t.test('what is not right is told before anything is opened', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(objects, { dataDir: '/dev/null', maxObjectBytes: 0 }) }, { code: 'CONFIG_INVALID', message: /maxObjectBytes/ })
  const second = Fastify()
  t.teardown(() => second.close())
  await t.rejects(async () => { await second.register(objects, { s3Bucket: 'bucket', s3Endpoint: 'ftp://host', s3AccessKeyId: 'key' }) }, { code: 'CONFIG_INVALID', message: /s3Endpoint must begin with http:\/\/ or https:\/\/; s3AccessKeyId and s3SecretAccessKey go together/ })
})

t.test('a body that is still being read when the server closes is ended', async t => {
  const dataDir = await ownFolder(t)
  const app = Fastify()
  await app.register(objects, { dataDir })
  await app.ready()
  await app.objects.put('a', Buffer.alloc(1_000_000), TEXT)
  const { body } = (await app.objects.get('a'))!
  await app.close()
  t.ok(body.destroyed)
})
