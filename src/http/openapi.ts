/**
 * headwater-openapi: describes the routes of a scope, from their schemas, as OpenAPI 3.1.
 *
 * Adds `GET /docs` (a page), `/docs/json` and `/docs/yaml` below the prefix, and the decorators of @fastify/swagger,
 * to this scope alone: a host's own document is another one. Register it before the routes.
 */
import type { FastifyPluginAsync, FastifySchema } from 'fastify'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'

export interface OpenApiOptions {
  title: string
  description: string
  version: string
  tags: Array<{ name: string, description: string }>
  /** What may stand in the headers `authorization` and `x-api-key`, and where else. */
  credentials: Record<string, object>
  /** Which of them routes with a tag take; an empty one means that there may be none. */
  credentialsOf: Record<string, Array<Record<string, string[]>>>
}

const DOCS = '/docs'

/** The page runs its own scripts alone and asks nobody but this server. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Pictures in the stylesheet and in the page are data: URLs, and the page sets styles of its elements.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'"
].join('; ')

const plugin: FastifyPluginAsync<OpenApiOptions> = async (app, { title, description, version, tags, credentials, credentialsOf }) => {
  const { prefix } = app
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, description, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      tags,
      components: { securitySchemes: credentials as Record<string, never> }
    },
    // Relative to /docs/json: it holds below any prefix, and behind a proxy that takes one away.
    transform: ({ schema, url }) => {
      const named = withNamedRest(schema, url.slice(prefix.length))
      return { ...named, schema: withCredential(named.schema, credentialsOf) }
    },
    transformObject: document => 'openapiObject' in document ? { ...withComponents(document.openapiObject), servers: [{ url: '..' }] } : {}
  })
  await app.register(swaggerUi, {
    routePrefix: DOCS,
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title },
    // The other layout has a bar with somebody else's name in it.
    uiConfig: { layout: 'BaseLayout', deepLinking: true, docExpansion: 'list', tryItOutEnabled: false },
    uiHooks: {
      // Its links would lead past a proxy's prefix.
      onRequest: (request, reply, done) => {
        const [path, query] = request.url.split('?')
        if (path!.endsWith(DOCS)) void reply.redirect(`.${DOCS}/${query === undefined ? '' : `?${query}`}`, 308)
        else done()
      }
    }
  })
}

/** A router has no name for the rest of a path; the schema of the parameter says which it is (`x-rest-of-path`). */
function withNamedRest (schema: FastifySchema, url: string): { schema: FastifySchema, url: string } {
  const { properties: { '*': rest, ...others } = {} } = (schema?.params ?? {}) as { properties?: Record<string, { 'x-rest-of-path'?: string }> }
  const name = rest?.['x-rest-of-path']
  if (name === undefined) return { schema, url }
  return { schema: { ...schema, params: { type: 'object', properties: { ...others, [name]: rest } } }, url: url.replace(/\*$/, `:${name}`) }
}

/** Headers that a credential stands in. */
const CREDENTIAL_HEADERS = ['authorization', 'x-api-key']

/**
 * Routes name the header of a credential among theirs; OpenAPI wants a security scheme for it. They cannot name one
 * themselves: a host's document, which has them too, would not know it.
 */
function withCredential (schema: FastifySchema, credentialsOf: OpenApiOptions['credentialsOf']): FastifySchema {
  const { properties } = (schema?.headers ?? {}) as { properties?: object }
  const security = schema?.tags?.map(tag => credentialsOf[tag]).find(found => found !== undefined)
  return properties !== undefined && CREDENTIAL_HEADERS.some(name => name in properties) && security !== undefined ? { ...schema, security } : schema
}

/** Schemas with a title stand among the components, once; they have no `$id`s, of which a host could have the same. */
function withComponents <T extends { paths?: object, components?: object | undefined }> (document: T): T {
  const schemas: Record<string, unknown> = {}
  const paths = JSON.parse(JSON.stringify(document.paths), (key, value) => {
    if (key === 'examples' || typeof value?.title !== 'string') return value
    schemas[value.title] = value
    return { $ref: `#/components/schemas/${value.title}` }
  })
  return { ...document, paths, components: { ...document.components, schemas } }
}

export const openApi = fp(plugin, { name: 'headwater-openapi', fastify: '5.x' })
