/**
 * headwater-objects: files by key, for all features that keep some.
 *
 * Adds the decorator `objects`; a host, or a scope around this one, may bring one of its own. On the disk (`DATA_DIR`),
 * or in S3 with `S3_BUCKET`; whichever is not used is not loaded. Settings: `PlatformConfig`.
 */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { completePlatformOptions } from '../../config/load.ts'
import type { PlatformConfig } from '../../config/platform.ts'
import { healthOf } from '../../http/health.ts'
import { loadOptional } from '../../optional-package.ts'
import type { Objects } from './objects.ts'

export type { ByteRange, ListedObject, ListOptions, ObjectInfo, ObjectPage, Objects, PutOptions, StoredObject } from './objects.ts'

declare module 'fastify' {
  interface FastifyInstance {
    objects: Objects
  }
}

const plugin: FastifyPluginAsync<Partial<PlatformConfig>> = async (app, { ...options }) => {
  if (hasObjects(app)) return
  const settings = completePlatformOptions(options)
  const log = app.log.child({ platform: 'objects' })
  const objects = settings.s3Bucket === ''
    ? await (await import('./disk.ts')).openDisk(settings, log)
    : await (await loadOptional(() => import('./s3.ts'), 'S3_BUCKET')).openS3(settings, log)
  log.info({ kind: objects.kind }, 'objects opened')
  app.decorate('objects', objects)
  // After the features that were registered later, and use it.
  app.addHook('onClose', async () => { await objects.close() })
  healthOf(app)?.add('objects', async () => await objects.trouble())
}

/** A host may have something else by that name. */
function hasObjects (app: FastifyInstance): boolean {
  return app.hasDecorator('objects') && typeof (app.objects as Partial<Objects>).signedUrl === 'function'
}

export const objects = fp(plugin, { name: 'headwater-objects', fastify: '5.x' })
