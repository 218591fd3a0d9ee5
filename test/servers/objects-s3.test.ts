import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { completePlatformOptions } from '../../src/config/load.ts'
import type { PlatformConfig } from '../../src/config/platform.ts'
import { health, healthRoutes } from '../../src/http/health.ts'
import { objects as plugin } from '../../src/platform/objects/index.ts'
import type { Objects } from '../../src/platform/objects/objects.ts'
import { openS3 } from '../../src/platform/objects/s3.ts'
import { S3Server } from '../fixtures/s3-server.ts'
import { Told } from '../fixtures/told.ts'
import { objectsSuite, read, TEXT } from '../platform/objects/objects-suite.ts'

const NOWHERE = 'http://127.0.0.1:9'
/** So that tests of what does not answer are over soon. */
const SHORT = { s3ConnectMs: 1_000, s3IdleMs: 1_000 }
const UNAVAILABLE = { code: 'OBJECTS_UNAVAILABLE', statusCode: 503, message: 'The storage of objects does not answer' }

async function open (t: Test, settings: Partial<PlatformConfig>, log = new Told()): Promise<Objects> {
  const objects = await openS3(completePlatformOptions(settings), log)
  t.teardown(() => objects.close())
  return objects
}

t.test('the contract', async t => {
  const server = await S3Server.start(t)
  objectsSuite(t, async (t, settings) => {
    const s3Bucket = await server.bucket()
    return {
      objects: await open(t, { ...server.settings, s3Bucket, ...settings }),
      unfinished: () => server.unfinishedUploads(s3Bucket),
      // Those that are kept for the next request do not count.
      descriptors: async () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
    }
  })
})

t.test('with S3_BUCKET the plugin takes S3', async t => {
  const server = await S3Server.start(t)
  const s3Bucket = await server.bucket()
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(health)
  await app.register(plugin, { ...server.settings, ...SHORT, s3Bucket })
  await app.register(healthRoutes)
  t.equal(app.objects.kind, 's3')
  await app.objects.put('a', Buffer.from('text'), TEXT)
  t.equal((await read(app.objects, 'a')).toString(), 'text')
  t.match((await app.inject('/readyz')).json(), { status: 'ready' })
  t.ok(Object.keys(createRequire(import.meta.url).cache).some(path => path.includes('@aws-sdk')), 'what says whether it is loaded does')
  await server.stop()
  t.match((await app.inject('/readyz')).json(), { failing: [{ check: 'objects', reason: 'S3 does not answer: ECONNREFUSED' }] })
})

// The server looks at who signed and until when, not at the signature.
t.test('a signed address gives the object to anybody, for a while', async t => {
  const server = await S3Server.start(t)
  const objects = await open(t, { ...server.settings, s3Bucket: await server.bucket() })
  await objects.put('avatars/1.webp', Buffer.from('picture'), { contentType: 'image/webp' })
  const url = (await objects.signedUrl('avatars/1.webp', { seconds: 60 }))!
  t.match(url, /\/bucket-1\/avatars\/1\.webp\?.*X-Amz-Expires=60&.*X-Amz-Signature=/)
  const answer = await fetch(url)
  t.strictSame([answer.status, answer.headers.get('content-type'), await answer.text()], [200, 'image/webp', 'picture'])
  const part = await fetch(url, { headers: { range: 'bytes=0-2' } })
  t.strictSame([part.status, await part.text()], [206, 'pic'])
  const over = await fetch(url.replace(/X-Amz-Date=\d{8}/, 'X-Amz-Date=20200101'))
  t.strictSame([over.status, /Request has expired/.test(await over.text())], [403, true])
  for (const seconds of [0, -1, 1.5, 604_801, NaN]) await t.rejects(objects.signedUrl('a', { seconds }), { code: 'INVALID_REQUEST', message: /1 to 604800 seconds/ })
  t.match(await objects.signedUrl('a', { seconds: 604_800 }), /Expires=604800/)
})

t.test('a bucket that is refused stops the start, and says what to look at', async t => {
  const server = await S3Server.start(t)
  const s3Bucket = await server.bucket()
  const log = new Told()
  await t.rejects(open(t, { ...server.settings, s3Bucket: 'other' }, log), { code: 'CONFIG_INVALID', message: /The bucket other \(S3_BUCKET\) cannot be used: the server answers 404 .*Look at S3_BUCKET, S3_REGION/ })
  await t.rejects(open(t, { ...server.settings, s3Bucket, s3AccessKeyId: 'someone', s3SecretAccessKey: 'secret-7f3a' }, log), { code: 'CONFIG_INVALID', message: /the server answers 403/ })
  t.strictSame(log.entries, [])
})

t.test('a server that does not answer at the start is waited for', async t => {
  const server = await S3Server.start(t)
  const s3Bucket = await server.bucket()
  await server.stop()
  const log = new Told()
  const objects = await open(t, { ...server.settings, ...SHORT, s3Bucket }, log)
  t.strictSame(log.all('S3 does not answer: objects cannot be used until it does'), [{ reason: 'ECONNREFUSED' }])
  t.equal(await objects.trouble(), 'S3 does not answer: ECONNREFUSED')
  await t.rejects(objects.put('a', Buffer.from('text'), TEXT), UNAVAILABLE)
  await t.rejects(objects.get('a'), UNAVAILABLE)
  await t.rejects(objects.info('a'), UNAVAILABLE)
  await t.rejects(objects.list(''), UNAVAILABLE)
  await t.rejects(objects.delete('a'), UNAVAILABLE)
  await server.start()
  t.equal(await objects.trouble(), undefined)
  await objects.put('a', Buffer.from('text'), TEXT)
  t.equal((await read(objects, 'a')).toString(), 'text')
})

t.test('a server that says nothing is given up', async t => {
  const server = await S3Server.start(t)
  const s3Bucket = await server.bucket()
  // A busy machine may take longer than that for all of it.
  await (await open(t, { ...server.settings, s3Bucket })).put('a', Buffer.alloc(10_000_000), TEXT)
  const objects = await open(t, { ...server.settings, ...SHORT, s3Bucket })
  const { body } = (await objects.get('a'))!
  await once(body, 'readable')
  server.pause()
  const began = performance.now()
  await Promise.all([
    t.rejects(objects.get('a'), UNAVAILABLE),
    t.rejects(objects.put('b', Buffer.alloc(10_000_000), TEXT), UNAVAILABLE),
    t.rejects(read(objects, 'a'), UNAVAILABLE),
    t.rejects(buffer(body), { name: 'TimeoutError' }, 'in the middle of a body'),
    Promise.all([objects.trouble(), objects.trouble()]).then(troubles => t.strictSame(troubles, Array(2).fill('S3 does not answer: no answer in time')))
  ])
  t.ok(performance.now() - began < 10_000, `in ${Math.round(performance.now() - began)} ms`)
  server.resume()
  t.equal(await objects.trouble(), undefined)
  t.equal((await read(objects, 'a')).length, 10_000_000)
})

t.test('closing does not wait for a server that says nothing', async t => {
  const server = await S3Server.start(t)
  const objects = await open(t, { ...server.settings, s3ConnectMs: 300, s3IdleMs: 60_000, s3Bucket: await server.bucket() })
  await objects.put('a', Buffer.from('text'), TEXT)
  server.pause()
  const failed = Promise.all([t.rejects(objects.put('a', Buffer.alloc(20_000_000), TEXT), UNAVAILABLE), t.rejects(objects.get('a'), UNAVAILABLE), t.rejects(objects.list(''), UNAVAILABLE)])
  await setImmediate()
  const began = performance.now()
  await objects.close()
  t.ok(performance.now() - began < 5_000, `in ${Math.round(performance.now() - began)} ms`)
  await failed
})

t.test('a bucket that is gone is not a missing object', async t => {
  const server = await S3Server.start(t)
  const s3Bucket = await server.bucket()
  const objects = await open(t, { ...server.settings, s3Bucket })
  t.equal(await objects.get('a'), undefined)
  await rm(server.folderOf(s3Bucket), { recursive: true })
  await t.rejects(objects.get('a'), UNAVAILABLE)
  await t.rejects(objects.list(''), UNAVAILABLE)
  await t.rejects(objects.put('a', Buffer.from('text'), TEXT), UNAVAILABLE)
  t.match(await objects.trouble(), /^S3 does not answer: /)
})

t.test('secrets stay out of errors and logs', async t => {
  const log = new Told()
  const secrets = { s3AccessKeyId: 'AKIA-5521', s3SecretAccessKey: 'secret-7f3a' }
  const objects = await open(t, { s3Endpoint: NOWHERE, s3Bucket: 'bucket', ...SHORT, ...secrets }, log)
  const error: unknown = await objects.get('a').catch((error: unknown) => error)
  const told = JSON.stringify([log.entries, await objects.trouble(), error, (error as Error).stack, (error as Error).cause])
  t.match(told, /ECONNREFUSED/)
  for (const secret of Object.values(secrets)) t.notMatch(told, new RegExp(secret))
})
