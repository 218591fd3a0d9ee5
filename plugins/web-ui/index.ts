/**
 * headwater-web-ui: serves the pages of all features, as `npm run build:pages` made them.
 *
 * Adds `GET` for the path of every page (`/`, `/studio`, `/watch/:streamId`) and `GET /assets/:name` (what the
 * pages load), all below the prefix; a host that has something of its own at such a path keeps it. Needs the
 * livestream API below the same prefix. The pages of a plugin are there where it was registered before; those that connect to rooms may connect to
 * where the decorator `livekit` says. Decorators, events, tables: none. Settings: `WebUiOptions`.
 */
import { fileURLToPath } from 'node:url'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { acceptsCoding } from '../../src/http/content-coding.ts'
import { LOG_WITHOUT_ADDRESSES } from '../../src/http/log-redaction.ts'
import type { RoomProvider } from '../../src/rooms/provider.ts'
import { loadBuild, type Asset, type BuiltPage, type BuiltPart } from './build.ts'
import { documentOf, rightAddress } from './document.ts'
import { roomSources } from './room-sources.ts'

export interface WebUiOptions {
  /** Folder of the built pages. Default: `built`, beside this module. */
  folder?: string
}

const BUILT = fileURLToPath(new URL('built', import.meta.url))

/** @param others servers that the page connects to beside this one, as its policy has them */
function pageHeaders ({ embeddable }: BuiltPage, others: readonly string[]): Record<string, string> {
  return {
    // hls.js runs a worker from a blob and feeds the video element through another one.
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob:",
      ["connect-src 'self'", ...others].join(' '),
      "media-src 'self' blob:",
      'worker-src blob:',
      "base-uri 'self'",
      "form-action 'none'",
      `frame-ancestors ${embeddable ? '*' : "'self'"}`
    ].join('; '),
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache'
  }
}

const ASSET_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'public, max-age=31536000, immutable'
}

const plugin: FastifyPluginAsync<WebUiOptions> = async (app, { folder = BUILT }) => {
  const { pages, mastheadParts, shell, assets } = await loadBuild(folder)
  const isThere = ({ needs }: BuiltPart) => needs === undefined || app.hasPlugin(needs)
  const rooms = roomSources(app.hasDecorator('livekit') ? app.getDecorator<RoomProvider>('livekit').url : undefined)
  const features = [...new Set([...pages, ...mastheadParts].filter(isThere).flatMap(({ needs }) => needs ?? []))]
  const inMasthead = mastheadParts.filter(isThere).flatMap(({ files }) => files)

  for (const page of pages.filter(isThere)) {
    if (app.hasRoute({ method: 'GET', url: app.prefix + page.path })) continue
    const document = documentOf({ ...page, files: [...new Set([...inMasthead, ...page.files])] }, shell, features)
    const headers = pageHeaders(page, page.connects === undefined ? [] : rooms)
    const notFound = documentOf({ ...page, title: 'Not found', files: inMasthead }, shell, features)
    const fits = parameterCheck(page)
    // Links to pages have invitations and signatures in them.
    app.get(page.path, { config: { trafficClass: 'page' }, schema: { hide: true }, logSerializers: LOG_WITHOUT_ADDRESSES }, async (request, reply) => {
      const [path, query] = request.url.split('?')
      // `GET *`, which the router takes for `/`.
      if (!path!.startsWith('/')) {
        reply.callNotFound()
        return await reply
      }
      const address = rightAddress(page.path, path!)
      if (address !== undefined) return reply.redirect(query === undefined ? address : `${address}?${query}`, 308)
      reply.headers(headers)
      // What is wrong with the name, the shell says.
      return fits(request.params) ? send(document, request, reply) : send(notFound, request, reply.code(404))
    })
  }

  app.get<{ Params: { name: string } }>('/assets/:name', { config: { trafficClass: 'page' }, schema: { hide: true } }, async (request, reply) => {
    const asset = assets.get(request.params.name)
    if (asset === undefined) return await reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-cache').code(404).type('text/plain; charset=utf-8').send('Not found')
    return send(asset, request, reply.headers(ASSET_HEADERS))
  })
}

function parameterCheck ({ params }: BuiltPage): (given: unknown) => boolean {
  const patterns = Object.entries(params).map(([name, source]) => [name, new RegExp(source)] as const)
  return given => patterns.every(([name, pattern]) => pattern.test((given as Record<string, string>)[name] ?? ''))
}

/** In the shortest form that the browser takes. */
function send (asset: Asset, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.type(asset.type).header('vary', 'accept-encoding')
  const coding = (['br', 'gzip'] as const).find(coding => asset[coding] !== undefined && acceptsCoding(request.headers['accept-encoding'], coding))
  if (coding === undefined) return reply.send(asset.identity)
  return reply.header('content-encoding', coding).send(asset[coding])
}

export const webUi = fp(plugin, { name: 'headwater-web-ui', encapsulate: true, fastify: '5.x' })
