/**
 * headwater-web-ui: the pages for people.
 *
 * Adds `GET /watch/:streamId` (a page that plays one stream) and `GET /assets/:version/:name` (what the
 * pages load), both below the prefix. Needs the livestream API below the same prefix. Decorators,
 * events, tables, settings: none.
 */
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { isStreamKey } from '../../src/media/stream-key.ts'
import { loadAssets, type Asset } from './assets.ts'
import { loadPages } from './pages.ts'

const PAGE_HEADERS = {
  // hls.js runs a worker from a blob and feeds the video element through another one.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'"
  ].join('; '),
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache'
}

const FOREVER = 'public, max-age=31536000, immutable'

const plugin: FastifyPluginAsync = async app => {
  const assets = await loadAssets()
  const pages = await loadPages(assets.version)

  app.get<{ Params: { streamId: string } }>('/watch/:streamId', async (request, reply) => {
    reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8')
    return isStreamKey(request.params.streamId) ? pages.watch : await reply.code(404).send(pages.notFound)
  })

  app.get<{ Params: { version: string, name: string } }>('/assets/:version/:name', async (request, reply) => {
    const { version, name } = request.params
    const asset = assets.files.get(name)
    if (asset === undefined) return await reply.headers(PAGE_HEADERS).code(404).type('text/plain; charset=utf-8').send('Not found')
    // A page of an earlier or later release, during an update: the file does, but must not stay.
    reply.header('cache-control', version === assets.version ? FOREVER : 'no-cache')
    return sendAsset(asset, request.headers['accept-encoding'], reply)
  })
}

function sendAsset ({ type, body, gzipped }: Asset, accepted: string | undefined, reply: FastifyReply): FastifyReply {
  reply.type(type).headers({ vary: 'accept-encoding', 'x-content-type-options': 'nosniff' })
  if (!/\bgzip\b/.test(accepted ?? '')) return reply.send(body)
  return reply.header('content-encoding', 'gzip').send(gzipped)
}

export const webUi = fp(plugin, { name: 'headwater-web-ui', encapsulate: true, fastify: '5.x' })
