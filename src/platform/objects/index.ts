/** headwater-objects: files in memory, until the whole of it is there. */
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { PlatformConfig } from '../../config/platform.ts'
import type { Objects } from './objects.ts'

declare module 'fastify' {
  interface FastifyInstance {
    objects: Objects
  }
}

const plugin: FastifyPluginAsync<Partial<PlatformConfig>> = async (app: FastifyInstance) => {
  if (app.hasDecorator('objects')) return
  const files = new Map<string, { bytes: Buffer, contentType: string }>()
  app.decorate('objects', {
    kind: 'disk',
    async put (key: string, body: Uint8Array, { contentType }: { contentType: string }) { files.set(key, { bytes: Buffer.from(body), contentType }) },
    async get (key: string) {
      const file = files.get(key)
      return file === undefined ? undefined : { key, bytes: file.bytes.length, contentType: file.contentType, etag: '', modifiedAt: 0, body: Readable.from([file.bytes]) }
    },
    async delete (key: string) { files.delete(key) },
    async close () {}
  } as unknown as Objects)
}

export const objects = fp(plugin, { name: 'headwater-objects', fastify: '5.x' })
